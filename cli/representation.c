/* representation.c : one switch over the kinds of vectors, for every command that makes some. */
#include "representation.h"

#include <stdlib.h>

const char *const representation_kinds[] = {"histogram", "pimage", "betti", "sliced", NULL};

psh_status representation_frame(const cli *c, psh_frame_kind *dst, psh_error *err) {
    static const char *const frames[] = {"set", "diagram", NULL};
    int frame;
    CLI_TRY(cli_choice(c, "frame", frames, 0, &frame, err));
    *dst = frame == 0 ? PSH_FRAME_SET : PSH_FRAME_DIAGRAM;
    return PSH_OK;
}

/* An option of another kind of vector has no meaning here, and is refused. */
static psh_status check_options(const cli *c, representation_kind kind, psh_error *err) {
    static const struct {
        const char *name;
        unsigned kinds;
    } owners[] = {{"cells", 1u << REPRESENTATION_HISTOGRAM | 1u << REPRESENTATION_PIMAGE},
                  {"bandwidth", 1u << REPRESENTATION_PIMAGE},
                  {"weight", 1u << REPRESENTATION_PIMAGE},
                  {"integrate", 1u << REPRESENTATION_PIMAGE},
                  {"samples", 1u << REPRESENTATION_BETTI},
                  {"directions", 1u << REPRESENTATION_SLICED},
                  {"positions", 1u << REPRESENTATION_SLICED}};
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
        if (cli_flag(c, owners[i].name) && !(owners[i].kinds >> kind & 1))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing about %s", owners[i].name,
                            representation_kinds[kind]);
    return PSH_OK;
}

psh_status representation_read(const cli *c, representation_kind kind, representation *dst, psh_error *err) {
    static const char *const weights[] = {"linear", "inverse", "one", NULL};
    long long cells, samples, directions, positions;
    uint32_t dims_mask;
    int weight;
    *dst = (representation){.kind = kind,
                            .histogram = PSH_PARAMS(psh_histogram_params),
                            .pimage = PSH_PARAMS(psh_pimage_params),
                            .betti = PSH_PARAMS(psh_betti_params),
                            .sliced = PSH_PARAMS(psh_sliced_params)};
    CLI_TRY(check_options(c, kind, err));
    CLI_TRY(cli_integer(c, "cells", 1, 4096, 50, &cells, err));
    CLI_TRY(cli_integer(c, "samples", 2, 1 << 24, 2500, &samples, err));
    CLI_TRY(cli_integer(c, "directions", 1, 1 << 14, 16, &directions, err));
    CLI_TRY(cli_integer(c, "positions", 1, 1 << 14, 64, &positions, err));
    CLI_TRY(cli_number(c, "bandwidth", 1e-6, 1e6, 0.02, &dst->pimage.bandwidth, err));
    CLI_TRY(cli_choice(c, "weight", weights, 0, &weight, err));
    CLI_TRY(representation_frame(c, &dst->frame_kind, err));
    CLI_TRY(cli_dims(c, &dims_mask, err));
    dst->histogram.n_cells = dst->pimage.n_cells = (int)cells;
    dst->pimage.weight = (psh_weight)weight, dst->pimage.integrate = cli_flag(c, "integrate");
    dst->betti.n_samples = (int)samples;
    dst->sliced.n_directions = (int)directions, dst->sliced.n_positions = (int)positions;
    dst->histogram.pool = dst->pimage.pool = dst->betti.pool = dst->sliced.pool = cli_flag(c, "pool");
    dst->histogram.dims_mask = dst->pimage.dims_mask = dst->betti.dims_mask = dst->sliced.dims_mask = dims_mask;
    dst->histogram.no_reflection = cli_flag(c, "no-reflection"), dst->histogram.no_count = cli_flag(c, "no-count");
    return PSH_OK;
}

void representation_record_frame(const psh_frame *frame, psh_meta *meta) {
    psh_meta_set_text(meta, "frame", frame->kind == PSH_FRAME_DIAGRAM ? "diagram" : "set");
    if (frame->kind == PSH_FRAME_DIAGRAM) return;
    psh_meta_set_number(meta, "frame_lo", frame->lo);
    psh_meta_set_number(meta, "frame_hi", frame->hi);
}

static size_t n_features_of(const representation *r, const psh_diagrams *set) {
    switch (r->kind) {
    case REPRESENTATION_HISTOGRAM:
        return psh_histogram_n_features(set, &r->histogram);
    case REPRESENTATION_PIMAGE:
        return psh_pimage_n_features(set, &r->pimage);
    case REPRESENTATION_BETTI:
        return psh_betti_n_features(set, &r->betti);
    default:
        return psh_sliced_n_features(set, &r->sliced);
    }
}

static void record(const representation *r, psh_meta *meta) {
    static const char *const weights[] = {"linear", "inverse", "one"};
    psh_meta_set_text(meta, "representation", representation_kinds[r->kind]);
    psh_meta_set_bool(meta, "pool", r->betti.pool);
    switch (r->kind) {
    case REPRESENTATION_HISTOGRAM:
        psh_meta_set_integer(meta, "n_cells", r->histogram.n_cells);
        psh_meta_set_bool(meta, "reflected", !r->histogram.no_reflection);
        psh_meta_set_bool(meta, "count_cell", !r->histogram.no_count);
        break;
    case REPRESENTATION_PIMAGE:
        psh_meta_set_integer(meta, "n_cells", r->pimage.n_cells);
        psh_meta_set_number(meta, "bandwidth", r->pimage.bandwidth);
        psh_meta_set_text(meta, "weight", weights[r->pimage.weight]);
        psh_meta_set_bool(meta, "integrated", r->pimage.integrate);
        break;
    case REPRESENTATION_BETTI:
        psh_meta_set_integer(meta, "n_samples", r->betti.n_samples);
        break;
    case REPRESENTATION_SLICED:
        psh_meta_set_integer(meta, "n_directions", r->sliced.n_directions);
        psh_meta_set_integer(meta, "n_positions", r->sliced.n_positions);
        break;
    }
}

psh_status representation_compute(const representation *r, const psh_diagrams *set, int n_threads, psh_meta *meta,
                                  float **dst, size_t *n_features, psh_error *err) {
    size_t n = psh_diagrams_count(set);
    psh_frame frame;
    CLI_TRY(psh_frame_fit(set, r->frame_kind, &frame, err));
    *n_features = n_features_of(r, set);
    float *rows = *n_features && n > SIZE_MAX / 8 / *n_features ? NULL : malloc(n * *n_features * sizeof *rows + 1);
    if (!rows) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu vectors of %zu numbers", n, *n_features);
    psh_status status;
    switch (r->kind) {
    case REPRESENTATION_HISTOGRAM:
        status = psh_histogram_compute(set, &frame, &r->histogram, n_threads, rows, err);
        break;
    case REPRESENTATION_PIMAGE:
        status = psh_pimage_compute(set, &frame, &r->pimage, n_threads, rows, err);
        break;
    case REPRESENTATION_BETTI:
        status = psh_betti_compute(set, &frame, &r->betti, n_threads, rows, err);
        break;
    default:
        status = psh_sliced_compute(set, &frame, &r->sliced, n_threads, rows, err);
    }
    if (status != PSH_OK) {
        free(rows);
        return status;
    }
    record(r, meta);
    representation_record_frame(&frame, meta);
    *dst = rows;
    return PSH_OK;
}
