/* cmd_info.c : what a file holds, in words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "distance_calibrated.h"
#include "models.h"

static void say_meta(const cli *c, const psh_meta *meta) {
    char *json = psh_meta_write_text(meta, 2);
    if (json && strcmp(json, "{}") != 0) cli_say(c, "metadata: %s\n", json);
    if (json) psh_meta_set_json(c->summary, "meta", json);
    psh_text_free(json);
}

static void say_model(const cli *c, const psh_model *model) {
    char text[512];
    cli_say(c, "model %s: %s, %d bits\n", psh_model_id(model), psh_model_kind(model), psh_model_n_bits(model));
    int n_said = strcmp(psh_model_kind(model), "sketch") == 0 ? psh_model_n_bits(model) : 1; /* a network's are alike */
    for (int i = 0; i < n_said; i++) {
        psh_model_bit_text(model, i, text, sizeof text);
        cli_say(c, "  bit %4d: %s\n", i, text);
    }
}

static psh_status info_diagrams(cli *c, const char *path, psh_error *err) {
    psh_diagrams *set;
    size_t by_dim[32] = {0}, n_essential = 0, n_least = SIZE_MAX, n_most = 0;
    CLI_TRY(psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_KEEP, 0, &set, NULL, err));
    size_t n = psh_diagrams_count(set), n_points = psh_diagrams_n_points(set);
    for (size_t i = 0; i < n_points; i++) {
        if (psh_diagrams_dims(set)[i] < 32) by_dim[psh_diagrams_dims(set)[i]]++;
        n_essential += psh_diagrams_points(set)[2 * i + 1] > 1.7976931348623157e308;
    }
    for (size_t i = 0; i < n; i++) {
        size_t n_here = (size_t)(psh_diagrams_offsets(set)[i + 1] - psh_diagrams_offsets(set)[i]);
        n_least = n_here < n_least ? n_here : n_least, n_most = n_here > n_most ? n_here : n_most;
    }
    cli_say(c, "%s: %zu diagrams, %zu points", path, n, n_points);
    if (n) cli_say(c, " (%.1f each, %zu to %zu)", (double)n_points / (double)n, n_least, n_most);
    cli_say(c, "\n");
    for (int dim = 0; dim < 32; dim++)
        if (by_dim[dim]) cli_say(c, "  H%d: %zu points\n", dim, by_dim[dim]);
    if (n_essential) cli_say(c, "  %zu essential classes (death = infinity)\n", n_essential);
    if (psh_diagrams_n_classes(set)) cli_say(c, "  labels of %zu classes\n", psh_diagrams_n_classes(set));
    psh_meta_set_text(c->summary, "kind", "diagrams");
    psh_meta_set_integer(c->summary, "n_diagrams", (int64_t)n);
    psh_meta_set_integer(c->summary, "n_points", (int64_t)n_points);
    psh_meta_set_integer(c->summary, "n_essential", (int64_t)n_essential);
    say_meta(c, psh_diagrams_meta(set));
    psh_diagrams_free(set);
    return PSH_OK;
}

static psh_status info_codes(cli *c, const char *path, psh_error *err) {
    psh_codes *codes;
    psh_model *model = NULL;
    size_t n_bytes;
    CLI_TRY(psh_codes_read(path, &codes, err));
    cli_say(c, "%s: %zu codes of %d bits, model %s, frame %s\n", path, psh_codes_count(codes), psh_codes_n_bits(codes),
            psh_codes_model_id(codes), psh_codes_frame_id(codes));
    psh_meta_set_text(c->summary, "kind", "codes");
    psh_meta_set_integer(c->summary, "n_codes", (int64_t)psh_codes_count(codes));
    psh_meta_set_integer(c->summary, "n_bits", psh_codes_n_bits(codes));
    psh_meta_set_text(c->summary, "model_id", psh_codes_model_id(codes));
    psh_meta_set_text(c->summary, "frame_id", psh_codes_frame_id(codes));
    const uint8_t *bytes = psh_codes_model(codes, &n_bytes);
    psh_status status = bytes ? psh_model_read_bytes(bytes, n_bytes, &model, err) : PSH_OK;
    if (model) say_model(c, model);
    say_meta(c, psh_codes_meta(codes));
    psh_model_free(model);
    psh_codes_free(codes);
    return status;
}

static psh_status info_distances(cli *c, const char *path, psh_error *err) {
    static const char *const dtypes[] = {"uint8", "uint16", "float32", "float64"};
    psh_distances *distances;
    CLI_TRY(psh_distances_read(path, &distances, err));
    size_t n = psh_distances_n_items(distances);
    cli_say(c, "%s: all pairs of %zu items, %s\n", path, n, dtypes[psh_distances_dtype(distances)]);
    psh_meta_set_text(c->summary, "kind", "distances");
    psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
    if (distance_say_calibration(c, psh_distances_meta(distances)) && !c->is_json)
        psh_meta_set_text(psh_distances_meta(distances), "calibration", "the table above");
    say_meta(c, psh_distances_meta(distances));
    psh_distances_free(distances);
    return PSH_OK;
}

static psh_status info_clusters(cli *c, const char *path, psh_error *err) {
    psh_clusters *clusters;
    CLI_TRY(psh_clusters_read(path, &clusters, err));
    cli_say(c, "%s: %zu items in %zu clusters\n", path, psh_clusters_n_items(clusters),
            psh_clusters_n_clusters(clusters));
    psh_meta_set_text(c->summary, "kind", "clusters");
    psh_meta_set_integer(c->summary, "n_items", (int64_t)psh_clusters_n_items(clusters));
    psh_meta_set_integer(c->summary, "n_clusters", (int64_t)psh_clusters_n_clusters(clusters));
    say_meta(c, psh_clusters_meta(clusters));
    psh_clusters_free(clusters);
    return PSH_OK;
}

static psh_status info_model(cli *c, const char *path, psh_error *err) {
    psh_model *model;
    CLI_TRY(psh_model_read(path, &model, err));
    psh_meta_set_text(c->summary, "kind", "model");
    psh_meta_set_text(c->summary, "model_id", psh_model_id(model));
    psh_meta_set_integer(c->summary, "n_bits", psh_model_n_bits(model));
    say_model(c, model);
    say_meta(c, psh_model_meta(model));
    psh_model_free(model);
    return PSH_OK;
}

static void say_named_model(void *state, const char *name, const char *path) {
    const cli *c = state;
    psh_model *model = NULL;
    psh_error err = {0};
    if (models_read(name, &model, &err) != PSH_OK) {
        cli_say(c, "%-12s cannot be read: %s\n", name, err.text);
        return;
    }
    cli_say(c, "%-12s %s, %d bits, model %s, %s\n", name, psh_model_kind(model), psh_model_n_bits(model),
            psh_model_id(model), path ? path : "built in");
    psh_meta_set_text(c->summary, name, psh_model_id(model));
    psh_model_free(model);
}

static psh_status run(cli *c, psh_error *err) {
    psh_file_kind kind;
    char text[256];
    if (cli_flag(c, "cpu")) {
        psh_cpu_text(text, sizeof text);
        cli_say(c, "persihash %s\n%s\n", psh_version(), text);
        psh_meta_set_text(c->summary, "simd", psh_simd_name(psh_cpu_simd()));
        psh_meta_set_integer(c->summary, "threads", psh_cpu_threads(c->n_threads));
        return PSH_OK;
    }
    if (cli_flag(c, "models")) {
        models_list(say_named_model, c);
        return PSH_OK;
    }
    CLI_TRY(cli_arguments(c, 1, 1, err));
    const char *path = c->arguments[0];
    CLI_TRY(psh_file_detect(path, &kind, err));
    switch (kind) {
    case PSH_FILE_DIAGRAMS:
        return info_diagrams(c, path, err);
    case PSH_FILE_CODES:
        return info_codes(c, path, err);
    case PSH_FILE_DISTANCES:
        return info_distances(c, path, err);
    case PSH_FILE_CLUSTERS:
        return info_clusters(c, path, err);
    case PSH_FILE_MODEL:
        return info_model(c, path, err);
    default:
        return cli_fail(err, PSH_ERR_FORMAT,
                        "%s: none of persihash's files; expected diagrams, codes, distances, clusters or a model",
                        path);
    }
}

static const cli_option options[] = {{"cpu", 0, NULL, "SIMD levels and threads of this machine"},
                                     {"models", 0, NULL, "models that encode --model knows by name"},
                                     {0}};

const cli_command cmd_info = {"info",
                              "what a file holds, in words",
                              "FILE | --cpu | --models",
                              "For codes and models: what each bit asks.",
                              options,
                              run};
