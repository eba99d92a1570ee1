/* cmd_encode.c : diagrams -> codes, by a model given, by an earlier code file's, or by one fitted to the set at hand.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code_scales.h"
#include "drift.h"
#include "fit_options.h"
#include "models.h"

enum { MAX_MODEL_BYTES = 64 << 20 };

/* The model stored in an earlier code file: bits and frame as they were. */
static psh_status read_frame_model(const char *path, psh_model **dst, psh_error *err) {
    psh_codes *codes = NULL;
    size_t n_bytes;
    CLI_TRY(psh_codes_read(path, &codes, err));
    const uint8_t *bytes = psh_codes_model(codes, &n_bytes);
    psh_status status =
        bytes ? psh_model_read_bytes(bytes, n_bytes, dst, err)
              : cli_fail(err, PSH_ERR_DATA, "%s: holds no model; encode with --model FILE, model %s made these codes",
                         path, psh_codes_model_id(codes));
    psh_codes_free(codes);
    return status;
}

/* A model that serves any set gets this one's frame and scale. */
static psh_status adapt(const cli *c, const psh_diagrams *set, const fit_options *fit, psh_model **model,
                        psh_error *err) {
    const psh_compact_params *asked = &fit->compact;
    psh_adapt_params params = PSH_PARAMS(psh_adapt_params);
    psh_model *adapted = NULL;
    bool is_general = strcmp(psh_model_kind(*model), "general") == 0;
    if (is_general || cli_flag(c, "bits")) params.n_bits = asked->n_bits;
    params.frame_kind = asked->frame_kind, params.frame_lo = asked->frame_lo, params.frame_hi = asked->frame_hi;
    params.pool = asked->pool, params.dims_mask = asked->dims_mask, params.n_threads = c->n_threads;
    params.as_trained = cli_flag(c, "as-trained");
    if (params.as_trained && !is_general)
        return cli_fail(err, PSH_ERR_PARAMETER, "--as-trained has no meaning for a %s; it is for --model compact",
                        psh_model_kind(*model));
    psh_status status = psh_model_adapt(*model, set, &params, &adapted, err);
    psh_model_free(*model);
    *model = adapted;
    if (status != PSH_OK) return status;
    const char *bits = psh_meta_text(psh_model_meta(adapted), "bits");
    bool is_picked = bits && strcmp(bits, "picked") == 0;
    cli_say(c, "frame%s fitted to this set%s; for later diagrams to compare with it: encode --frame\n",
            is_picked ? ", scale and choice of bits" : " and scale", is_picked ? " without an exact distance" : "");
    if (bits) psh_meta_set_text(c->summary, "bits", bits);
    return PSH_OK;
}

/* A fitted model, or, where there is nothing to fit to, the general one. */
static psh_status fit(cli *c, const psh_diagrams *set, bool is_auto, const fit_options *options, psh_model **dst,
                      psh_error *err) {
    if (psh_diagrams_count(set) != 1 || !is_auto || options->encoder != FIT_COMPACT)
        return fit_run(c, set, options, dst, err);
    cli_say(c, "one diagram alone: nothing can be fitted; using the general model\n");
    CLI_TRY(models_read("compact", dst, err));
    return adapt(c, set, options, dst, err);
}

/* The model that --model or --frame name. */
static psh_status read_model(const cli *c, const psh_diagrams *set, const fit_options *options, psh_model **dst,
                             psh_error *err) {
    const char *model_path = cli_text(c, "model", NULL), *frame_path = cli_text(c, "frame", NULL);
    CLI_TRY(model_path ? models_read(model_path, dst, err) : read_frame_model(frame_path, dst, err));
    bool is_general = strcmp(psh_model_kind(*dst), "general") == 0; /* has codes of any length */
    if (cli_flag(c, "bits") && !is_general && options->compact.n_bits != psh_model_n_bits(*dst))
        return cli_fail(err, PSH_ERR_MODEL_MISMATCH,
                        "%s makes codes of %d bits, --bits asks for %d; leave --bits out, or fit anew without %s",
                        model_path ? model_path : frame_path, psh_model_n_bits(*dst), options->compact.n_bits,
                        model_path ? "--model" : "--frame");
    if (model_path && psh_model_adapts(*dst)) CLI_TRY(adapt(c, set, options, dst, err));
    cli_say(c, "using model %s (%s, %d bits)\n", psh_model_id(*dst), psh_model_kind(*dst), psh_model_n_bits(*dst));
    psh_meta_set_text(c->summary, "model_id", psh_model_id(*dst));
    psh_meta_set_integer(c->summary, "n_bits", psh_model_n_bits(*dst));
    return PSH_OK;
}

static psh_status get_model(cli *c, const psh_diagrams *set, psh_model **dst, psh_error *err) {
    static const char *const encoders[] = {"auto", "sketch", "compact", NULL}; /* fit_encoder */
    fit_options options;
    int encoder;
    bool has_model = cli_flag(c, "model"), has_frame = cli_flag(c, "frame");
    if (has_model && has_frame)
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "--model and --frame exclude each other; --frame reuses model and frame of a code file");
    if (cli_flag(c, "as-trained") && !has_model)
        return cli_fail(err, PSH_ERR_PARAMETER, "--as-trained without --model; it is for --model compact");
    CLI_TRY(cli_choice(c, "encoder", encoders, 0, &encoder, err));
    CLI_TRY(fit_read_options(c, (fit_encoder)encoder, &options, err));
    psh_status status = has_model || has_frame ? read_model(c, set, &options, dst, err)
                                               : fit(c, set, encoder == FIT_AUTO, &options, dst, err);
    fit_options_free(&options);
    return status;
}

/* Labels, names and the model travel with the codes. */
static psh_status add_companions(const cli *c, psh_codes *codes, const psh_diagrams *set, const psh_model *model,
                                 psh_error *err) {
    size_t n = psh_diagrams_count(set), n_classes = psh_diagrams_n_classes(set), n_bytes;
    const char **texts = malloc((n + n_classes + 1) * sizeof *texts);
    uint8_t *bytes = NULL;
    psh_status status;
    if (!texts) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu names", n);
    for (size_t i = 0; i < n; i++) texts[i] = psh_diagrams_name(set, i);
    for (size_t i = 0; i < n_classes; i++) texts[n + i] = psh_diagrams_label_name(set, i);
    CLI_TRY_GOTO(psh_codes_set_names(codes, texts, err));
    if (psh_diagrams_has_labels(set))
        CLI_TRY_GOTO(psh_codes_set_labels(codes, psh_diagrams_labels(set), texts + n, n_classes, err));
    CLI_TRY_GOTO(psh_model_write_bytes(model, &bytes, &n_bytes, err));
    if (n_bytes <= MAX_MODEL_BYTES)
        CLI_TRY_GOTO(psh_codes_set_model(codes, bytes, n_bytes, err));
    else
        cli_warn(c, "the model is too large to travel with the codes (%.0f MB); encode --frame will not know it\n",
                 1e-6 * (double)n_bytes);
done:
    psh_bytes_free(bytes);
    free(texts);
    return status;
}

static psh_status run(cli *c, psh_error *err) {
    psh_diagrams *set = NULL;
    psh_model *model = NULL;
    psh_codes *codes = NULL;
    uint8_t *bytes = NULL;
    psh_essential essential;
    double essential_value;
    size_t n_essential;
    const char *path;
    char frame_id[17];
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 1, err));
    CLI_TRY(cli_essential(c, &essential, &essential_value, err));
    CLI_TRY(psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, essential, essential_value, &set, &n_essential, err));
    if (n_essential) cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential);
    CLI_TRY_GOTO(get_model(c, set, &model, err));
    size_t n = psh_diagrams_count(set);
    bytes = calloc(n ? n : 1, psh_model_n_bytes(model));
    if (!bytes) {
        status = cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu codes", n);
        goto done;
    }
    double start = cli_seconds();
    CLI_TRY_GOTO(psh_model_encode(model, set, c->n_threads, bytes, err));
    double seconds = cli_seconds() - start;
    if (cli_text(c, "frame", NULL)) CLI_TRY_GOTO(cli_drift(c, cli_text(c, "frame", NULL), model, set, bytes, err));
    snprintf(frame_id, sizeof frame_id, "%016" PRIx64, psh_frame_id(psh_model_frame(model)));
    CLI_TRY_GOTO(psh_codes_create(bytes, n, psh_model_n_bits(model), psh_model_id(model), frame_id, &codes, err));
    CLI_TRY_GOTO(code_scales_set(c, codes, model, set, err));
    CLI_TRY_GOTO(add_companions(c, codes, set, model, err));
    CLI_TRY_GOTO(cli_stamp(c, psh_codes_meta(codes), psh_diagrams_meta(set), err));
    CLI_TRY_GOTO(psh_codes_write(codes, path, err));
    cli_say(c, "%zu codes of %d bits in %.1f ms (%.2f us each)\n", n, psh_model_n_bits(model), 1e3 * seconds,
            n ? 1e6 * seconds / (double)n : 0);
    psh_meta_set_integer(c->summary, "n_codes", (int64_t)n);
    psh_meta_set_number(c->summary, "seconds_encode", seconds);
    psh_meta_set_text(c->summary, "frame_id", frame_id);
    psh_meta_set_text(c->summary, "output", path);
done:
    free(bytes);
    psh_codes_free(codes);
    psh_model_free(model);
    psh_diagrams_free(set);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the codes (.npz)"},
    {"model", 'm', "NAME", "no fitting: a model by name (compact: built in; info --models), or a .safetensors file"},
    {"as-trained", 0, NULL, "--model compact: its first bits as they were trained, none picked for the set"},
    {"frame", 0, "CODES", "encode like an earlier code file, so that codes compare with it"},
    {"essential", 0, "POLICY", "infinite classes in the set: drop (default) or clamp=VALUE"},
    {"encoder", 0, "NAME", "what is fitted: compact (default: best codes), or sketch (smallest and fastest)"},
    FIT_OPTIONS,
    {0}};

const cli_command cmd_encode = {
    "encode",
    "diagrams to binary codes",
    "SET -o codes.npz",
    "Without --model or --frame, a compact model is fitted to the set, starting from the built-in one, "
    "which was trained on synthetic diagrams alone: its bits are the signs\n"
    "of learned functions, such that Hamming distance tracks Wasserstein distance. --model "
    "compact fits nothing: from 12 diagrams on it picks bits of the built-in\n"
    "one without an exact distance, fewer get its first bits. --encoder sketch: each bit asks whether "
    "there are more points on one side of a line than a threshold; persihash info CODES "
    "lists them.",
    options,
    run};
