/* distance_asymmetric.c : `persihash distance --metric asymmetric`: diagrams, projected by the codes' own model but not
 * cut to bits, against codes. */
#include "distance_asymmetric.h"

#include <stdlib.h>
#include <string.h>

typedef struct request {
    psh_diagrams *set;
    psh_codes *codes;
    psh_model *model;
    psh_meta *meta;
    float *values, *distances; /* (n_a, n_bits), (n_a, n_b) */
} request;

static psh_status check_options(const cli *c, psh_error *err) {
    static const char *const allowed[] = {"output", "metric", "essential", NULL};
    if (c->n_arguments != 2)
        return cli_fail(
            err, PSH_ERR_PARAMETER,
            "--metric asymmetric compares diagrams with codes; give the diagrams, then the codes: persihash "
            "distance queries.npz codes.npz");
    for (const cli_option *option = c->command->options; option->name; option++) {
        bool is_allowed = !cli_flag(c, option->name);
        for (int i = 0; allowed[i]; i++) is_allowed = is_allowed || !strcmp(option->name, allowed[i]);
        if (!is_allowed)
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing about --metric asymmetric", option->name);
    }
    return PSH_OK;
}

static psh_status read_codes(request *r, const char *path, psh_error *err) {
    size_t n_bytes;
    CLI_TRY(psh_codes_read(path, &r->codes, err));
    const uint8_t *bytes = psh_codes_model(r->codes, &n_bytes);
    if (!bytes || !psh_codes_scales(r->codes))
        return cli_fail(err, PSH_ERR_DATA,
                        "%s holds no %s; --metric asymmetric needs codes with both their model and the scales of their "
                        "bits, as persihash encode writes them: encode again",
                        path, bytes ? "scales" : "model");
    CLI_TRY(psh_model_read_bytes(bytes, n_bytes, &r->model, err));
    if (psh_model_n_bits(r->model) != psh_codes_n_bits(r->codes))
        return cli_fail(err, PSH_ERR_CORRUPT, "%s: codes of %d bits with a model of %d", path,
                        psh_codes_n_bits(r->codes), psh_model_n_bits(r->model));
    return PSH_OK;
}

static psh_status read_files(cli *c, request *r, psh_error *err) {
    psh_essential essential;
    double essential_value;
    CLI_TRY(check_options(c, err));
    CLI_TRY(cli_essential(c, &essential, &essential_value, err));
    CLI_TRY(read_codes(r, c->arguments[1], err));
    return psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, essential, essential_value, &r->set, NULL, err);
}

static psh_status compute(const cli *c, request *r, psh_error *err) {
    size_t n_a = psh_diagrams_count(r->set), n_b = psh_codes_count(r->codes);
    int n_bits = psh_codes_n_bits(r->codes);
    bool fits = n_b == 0 || n_a <= SIZE_MAX / 8 / n_b;
    r->values = malloc(n_a * (size_t)n_bits * sizeof *r->values + 1);
    r->distances = fits ? malloc(n_a * n_b * sizeof *r->distances + 1) : NULL;
    if (!r->values || !r->distances)
        return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu x %zu distances", n_a, n_b);
    CLI_TRY(psh_model_project(r->model, r->set, c->n_threads, r->values, err));
    return psh_asymmetric_cross(r->values, n_a, psh_codes_data(r->codes), n_b, n_bits, psh_codes_scales(r->codes),
                                c->n_threads, r->distances, err);
}

static psh_status record(const cli *c, request *r, psh_error *err) {
    CLI_TRY(psh_meta_create(&r->meta, err));
    CLI_TRY(cli_stamp(c, r->meta, psh_diagrams_meta_const(r->set), err));
    psh_meta_set_text(r->meta, "metric", "asymmetric");
    psh_meta_set_integer(r->meta, "n_bits", psh_codes_n_bits(r->codes));
    psh_status status = psh_meta_set_object(r->meta, "source_b", psh_codes_meta_const(r->codes));
    return status == PSH_OK ? PSH_OK : cli_fail(err, status, "no memory for metadata");
}

psh_status distance_asymmetric(cli *c, const char *path, psh_error *err) {
    request r = {0};
    double start = cli_seconds();
    psh_status status;
    CLI_TRY_GOTO(read_files(c, &r, err));
    CLI_TRY_GOTO(compute(c, &r, err));
    CLI_TRY_GOTO(record(c, &r, err));
    size_t n_a = psh_diagrams_count(r.set), n_b = psh_codes_count(r.codes);
    CLI_TRY_GOTO(psh_distances_write_cross(PSH_DISTANCE_F32, r.distances, n_a, n_b, r.meta, path, err));
    cli_say(c, "%zu x %zu asymmetric distances in %.3g s, files included\n", n_a, n_b, cli_seconds() - start);
    psh_meta_set_text(c->summary, "metric", "asymmetric");
    psh_meta_set_integer(c->summary, "n_a", (int64_t)n_a);
    psh_meta_set_integer(c->summary, "n_b", (int64_t)n_b);
    psh_meta_set_number(c->summary, "seconds", cli_seconds() - start);
    psh_meta_set_text(c->summary, "output", path);
done:
    free(r.values);
    free(r.distances);
    psh_meta_free(r.meta);
    psh_model_free(r.model);
    psh_codes_free(r.codes);
    psh_diagrams_free(r.set);
    return status;
}
