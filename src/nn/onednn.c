/* onednn.c : oneDNN's C API, versions 2 and 3, behind onednn.h.
 *
 * A primitive is made once for a fixed shape. Its scratch memory is ours ("user" mode), one piece a worker, so that
 * several threads may run one primitive at the same time; so are the memory objects, whose data pointers change with
 * each call. Nothing here allocates after creation.
 *
 * bfloat16: data and weights are converted as they come in, sums and results stay float32, so the other layers and the
 * optimiser never see bfloat16 numbers. */
#include "nn/onednn.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { MAX_ARGS = 5 };

/* --- Where versions 2 and 3 differ -------------------------------------------------------------------------------- */

typedef enum pass { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS } pass;

/* Descriptions of a convolution's four arrays and its geometry. */
typedef struct geometry {
    dnnl_memory_desc_t data, weights, bias, result; /* the gradients have the same */
    dnnl_dims_t strides, pad_lo, pad_hi;
    bool is_transposed, is_training;
} geometry;

#if DNNL_VERSION_MAJOR >= 3

typedef const_dnnl_memory_desc_t layout;
static layout layout_of(const dnnl_memory_desc_t *owned) {
    return *owned;
}
static dnnl_status_t describe(dnnl_memory_desc_t *dst, int n_axes, const dnnl_dims_t dims, dnnl_data_type_t type,
                              dnnl_format_tag_t tag) {
    return dnnl_memory_desc_create_with_tag(dst, n_axes, dims, type, tag);
}
static void undescribe(geometry *g) {
    dnnl_memory_desc_t all[] = {g->data, g->weights, g->bias, g->result};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]) dnnl_memory_desc_destroy(all[i]);
}

static dnnl_status_t describe_pass(const geometry *g, pass which, dnnl_engine_t engine,
                                   const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr,
                                   dnnl_primitive_desc_t *dst) {
    static const dnnl_dims_t dense = {0, 0};
    dnnl_alg_kind_t alg = g->is_transposed ? dnnl_deconvolution_direct : dnnl_convolution_direct;
    dnnl_prop_kind_t kind = g->is_training ? dnnl_forward_training : dnnl_forward_inference;
    switch (which) {
    case FORWARD:
        return (g->is_transposed ? dnnl_deconvolution_forward_primitive_desc_create
                                 : dnnl_convolution_forward_primitive_desc_create)(
            dst, engine, kind, alg, g->data, g->weights, g->bias, g->result, g->strides, dense, g->pad_lo, g->pad_hi,
            attr);
    case BACKWARD_DATA:
        return (g->is_transposed ? dnnl_deconvolution_backward_data_primitive_desc_create
                                 : dnnl_convolution_backward_data_primitive_desc_create)(
            dst, engine, alg, g->data, g->weights, g->result, g->strides, dense, g->pad_lo, g->pad_hi, hint, attr);
    default:
        return (g->is_transposed ? dnnl_deconvolution_backward_weights_primitive_desc_create
                                 : dnnl_convolution_backward_weights_primitive_desc_create)(
            dst, engine, alg, g->data, g->weights, g->bias, g->result, g->strides, dense, g->pad_lo, g->pad_hi, hint,
            attr);
    }
}

static dnnl_status_t append_relu(dnnl_post_ops_t ops) {
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0, 0);
}

#else

typedef const dnnl_memory_desc_t *layout;
static layout layout_of(const dnnl_memory_desc_t *owned) {
    return owned;
}
static dnnl_status_t describe(dnnl_memory_desc_t *dst, int n_axes, const dnnl_dims_t dims, dnnl_data_type_t type,
                              dnnl_format_tag_t tag) {
    return dnnl_memory_desc_init_by_tag(dst, n_axes, dims, type, tag);
}
static void undescribe(geometry *g) {
    (void)g;
}

static dnnl_status_t describe_convolution(const geometry *g, pass which, dnnl_convolution_desc_t *dst) {
    dnnl_prop_kind_t kind = g->is_training ? dnnl_forward_training : dnnl_forward_inference;
    switch (which) {
    case FORWARD:
        return dnnl_convolution_forward_desc_init(dst, kind, dnnl_convolution_direct, &g->data, &g->weights, &g->bias,
                                                  &g->result, g->strides, g->pad_lo, g->pad_hi);
    case BACKWARD_DATA:
        return dnnl_convolution_backward_data_desc_init(dst, dnnl_convolution_direct, &g->data, &g->weights, &g->result,
                                                        g->strides, g->pad_lo, g->pad_hi);
    default:
        return dnnl_convolution_backward_weights_desc_init(dst, dnnl_convolution_direct, &g->data, &g->weights,
                                                           &g->bias, &g->result, g->strides, g->pad_lo, g->pad_hi);
    }
}

static dnnl_status_t describe_transposed(const geometry *g, pass which, dnnl_deconvolution_desc_t *dst) {
    dnnl_prop_kind_t kind = g->is_training ? dnnl_forward_training : dnnl_forward_inference;
    switch (which) {
    case FORWARD:
        return dnnl_deconvolution_forward_desc_init(dst, kind, dnnl_deconvolution_direct, &g->data, &g->weights,
                                                    &g->bias, &g->result, g->strides, g->pad_lo, g->pad_hi);
    case BACKWARD_DATA:
        return dnnl_deconvolution_backward_data_desc_init(dst, dnnl_deconvolution_direct, &g->data, &g->weights,
                                                          &g->result, g->strides, g->pad_lo, g->pad_hi);
    default:
        return dnnl_deconvolution_backward_weights_desc_init(dst, dnnl_deconvolution_direct, &g->data, &g->weights,
                                                             &g->bias, &g->result, g->strides, g->pad_lo, g->pad_hi);
    }
}

static dnnl_status_t describe_pass(const geometry *g, pass which, dnnl_engine_t engine,
                                   const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr,
                                   dnnl_primitive_desc_t *dst) {
    dnnl_convolution_desc_t convolution;
    dnnl_deconvolution_desc_t transposed;
    dnnl_status_t status =
        g->is_transposed ? describe_transposed(g, which, &transposed) : describe_convolution(g, which, &convolution);
    if (status != dnnl_success) return status;
    return dnnl_primitive_desc_create(dst, g->is_transposed ? (const void *)&transposed : (const void *)&convolution,
                                      attr, engine, hint);
}

static dnnl_status_t append_relu(dnnl_post_ops_t ops) {
    return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
}

#endif

/* --- Small things ------------------------------------------------------------------------------------------------- */

static psh_status answer(dnnl_status_t status) {
    return status == dnnl_success         ? PSH_OK
           : status == dnnl_out_of_memory ? PSH_ERR_MEMORY
           : status == dnnl_unimplemented ? PSH_ERR_UNSUPPORTED
                                          : PSH_ERR_PARAMETER;
}

static psh_status explain(psh_error *err, dnnl_status_t status, const char *what) {
    if (status == dnnl_success) return PSH_OK;
    return psh__error(err, answer(status), "oneDNN %d.%d cannot %s (its status %d)", dnnl_version()->major,
                      dnnl_version()->minor, what, (int)status);
}

int psh__single_thread(int n_threads) {
    int before = omp_get_max_threads();
    omp_set_num_threads(n_threads);
    return before;
}

bool psh__has_bf16(void) {
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

psh_status psh__gemm(bool a_transposed, bool b_transposed, size_t n, size_t m, size_t k, const float *a, size_t a_row,
                     const float *b, size_t b_row, bool add, float *dst, size_t dst_row) {
    return answer(dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', (dnnl_dim_t)n, (dnnl_dim_t)m,
                             (dnnl_dim_t)k, 1, a, (dnnl_dim_t)a_row, b, (dnnl_dim_t)b_row, add ? 1 : 0, dst,
                             (dnnl_dim_t)dst_row));
}

struct psh__dnnl {
    dnnl_engine_t engine;
    dnnl_stream_t *streams; // (n_workers)
    int n_workers;
};

psh_status psh__dnnl_create(int n_workers, psh__dnnl **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh__dnnl *dnnl = psh__calloc(1, sizeof *dnnl);
    if (!dnnl) return psh__error_memory(err, "a network", sizeof *dnnl);
    dnnl->n_workers = n_workers;
    dnnl->streams = psh__calloc((size_t)n_workers, sizeof *dnnl->streams);
    if (!dnnl->streams) {
        status = psh__error_memory(err, "a network", (size_t)n_workers * sizeof *dnnl->streams);
        goto done;
    }
    PSH_TRY_GOTO(explain(err, dnnl_engine_create(&dnnl->engine, dnnl_cpu, 0), "start on this CPU"));
    for (int i = 0; i < n_workers; i++)
        PSH_TRY_GOTO(explain(err, dnnl_stream_create(&dnnl->streams[i], dnnl->engine, dnnl_stream_default_flags),
                             "start on this CPU"));
    *dst = dnnl;
    dnnl = NULL;
done:
    psh__dnnl_free(dnnl);
    return status;
}

void psh__dnnl_free(psh__dnnl *dnnl) {
    if (!dnnl) return;
    for (int i = 0; dnnl->streams && i < dnnl->n_workers; i++)
        if (dnnl->streams[i]) dnnl_stream_destroy(dnnl->streams[i]);
    if (dnnl->engine) dnnl_engine_destroy(dnnl->engine);
    psh__free(dnnl->streams);
    psh__free(dnnl);
}

/* --- One kernel with its arguments -------------------------------------------------------------------------------- */

typedef struct kernel {
    dnnl_primitive_t primitive; /* NULL: not there */
    int n_args, ids[MAX_ARGS + 1];
    dnnl_memory_t *memories; /* (n_workers, n_args), the scratch last */
    size_t scratch_bytes;
} kernel;

static void kernel_free(kernel *k, int n_workers) {
    for (int i = 0; k->memories && i < n_workers * k->n_args; i++)
        if (k->memories[i]) dnnl_memory_destroy(k->memories[i]);
    if (k->primitive) dnnl_primitive_destroy(k->primitive);
    psh__free(k->memories);
    memset(k, 0, sizeof *k);
}

/* ids: what the arguments of kernel_run() are, in their order; queries: where the description of each is found. */
static psh_status kernel_create(psh__dnnl *dnnl, const_dnnl_primitive_desc_t pd, int n_args, const int *ids,
                                const dnnl_query_t *queries, kernel *dst, psh_error *err) {
    psh_status status = PSH_OK;
    dst->n_args = n_args + 1;
    dst->memories = psh__calloc((size_t)dnnl->n_workers * (size_t)dst->n_args, sizeof *dst->memories);
    if (!dst->memories) {
        status = psh__error_memory(err, "a network", (size_t)dnnl->n_workers * sizeof *dst->memories);
        goto done;
    }
    for (int i = 0; i <= n_args; i++) {
        bool is_bias = i < n_args && (ids[i] == DNNL_ARG_BIAS || ids[i] == DNNL_ARG_DIFF_BIAS);
        layout described =
            dnnl_primitive_desc_query_md(pd, i < n_args ? queries[i] : dnnl_query_scratchpad_md, is_bias);
        dst->ids[i] = i < n_args ? ids[i] : DNNL_ARG_SCRATCHPAD;
        if (i == n_args) dst->scratch_bytes = dnnl_memory_desc_get_size(described);
        for (int w = 0; w < dnnl->n_workers; w++)
            PSH_TRY_GOTO(explain(
                err, dnnl_memory_create(&dst->memories[w * dst->n_args + i], described, dnnl->engine, DNNL_MEMORY_NONE),
                "describe an array"));
    }
    status = explain(err, dnnl_primitive_create(&dst->primitive, pd), "make a kernel");
done:
    return status;
}

static psh_status kernel_run(const kernel *k, const psh__dnnl *dnnl, int worker, const void *const *arrays,
                             void *scratch) {
    dnnl_exec_arg_t args[MAX_ARGS + 1];
    for (int i = 0; i < k->n_args; i++) {
        dnnl_memory_t memory = k->memories[worker * k->n_args + i];
        dnnl_status_t status = dnnl_memory_set_data_handle(memory, i < k->n_args - 1 ? (void *)arrays[i] : scratch);
        if (status != dnnl_success) return answer(status);
        args[i] = (dnnl_exec_arg_t){k->ids[i], memory};
    }
    return answer(dnnl_primitive_execute(k->primitive, dnnl->streams[worker], k->n_args, args));
}

/* From one layout or type to another. */
static psh_status reorder_create(psh__dnnl *dnnl, layout src, layout dst, const_dnnl_primitive_attr_t attr, kernel *k,
                                 psh_error *err) {
    static const int ids[] = {DNNL_ARG_FROM, DNNL_ARG_TO};
    static const dnnl_query_t queries[] = {dnnl_query_src_md, dnnl_query_dst_md};
    dnnl_primitive_desc_t pd;
    PSH_TRY(explain(err, dnnl_reorder_primitive_desc_create(&pd, src, dnnl->engine, dst, dnnl->engine, attr),
                    "reorder weights"));
    psh_status status = kernel_create(dnnl, pd, 2, ids, queries, k, err);
    dnnl_primitive_desc_destroy(pd);
    return status;
}

/* --- Convolutions ------------------------------------------------------------------------------------------------- */

struct psh__conv {
    psh__dnnl *dnnl;
    psh__conv_params params;
    kernel passes[3];
    kernel pack, unpack;               /* plain <-> packed */
    kernel take[2];                    /* packed -> the weights of FORWARD and BACKWARD_DATA, where these differ */
    kernel narrow_data, narrow_result; /* float32 -> bfloat16 */
    const void *weights[2];            /* in the orders of FORWARD and BACKWARD_DATA: owned[] or the caller's packed */
    uint8_t *owned[2];
    size_t packed_floats;
    uint8_t *scratch; /* (n_workers, scratch_bytes): the kernels' own, then data and result as bfloat16 */
    size_t scratch_bytes, data_at, result_at;
};

/* The arrays of one pass. bfloat16 is what the pass reads. */
static dnnl_status_t describe_arrays(const psh__conv_params *p, pass which, geometry *g) {
    dnnl_dims_t data = {p->n_images, p->in_c, p->in_h, p->in_w}, result = {p->n_images, p->out_c, p->out_h, p->out_w};
    dnnl_dims_t weights = {p->out_c, p->in_c, p->kernel, p->kernel}, bias = {p->out_c};
    dnnl_data_type_t reads = p->is_bf16 ? dnnl_bf16 : dnnl_f32;
    memset(g, 0, sizeof *g);
    for (int i = 0; i < 2; i++) g->strides[i] = p->stride, g->pad_lo[i] = p->pad_lo, g->pad_hi[i] = p->pad_hi;
    g->is_transposed = p->is_transposed, g->is_training = p->is_training;
    dnnl_status_t status = describe(&g->data, 4, data, which == BACKWARD_DATA ? dnnl_f32 : reads, dnnl_nhwc);
    if (status == dnnl_success)
        status = describe(&g->weights, 4, weights, which == BACKWARD_WEIGHTS ? dnnl_f32 : reads, dnnl_format_tag_any);
    if (status == dnnl_success) status = describe(&g->bias, 1, bias, dnnl_f32, dnnl_a);
    if (status == dnnl_success)
        status = describe(&g->result, 4, result, which == FORWARD ? dnnl_f32 : reads, dnnl_nhwc);
    return status;
}

static dnnl_status_t make_attributes(bool then_relu, dnnl_primitive_attr_t *dst) {
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(dst);
    if (status != dnnl_success) return status;
    status = dnnl_primitive_attr_set_scratchpad_mode(*dst, dnnl_scratchpad_mode_user);
    if (status == dnnl_success && then_relu) {
        status = dnnl_post_ops_create(&ops);
        if (status == dnnl_success) status = append_relu(ops);
        if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*dst, ops);
        if (ops) dnnl_post_ops_destroy(ops);
    }
    if (status != dnnl_success) dnnl_primitive_attr_destroy(*dst);
    return status;
}

static const struct {
    int n_args, ids[4];
    dnnl_query_t queries[4];
} pass_args[] = {
    [FORWARD] = {4,
                 {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST},
                 {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_weights_md, dnnl_query_dst_md}},
    [BACKWARD_DATA] = {3,
                       {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
                       {dnnl_query_diff_dst_md, dnnl_query_weights_md, dnnl_query_diff_src_md}},
    [BACKWARD_WEIGHTS] = {4,
                          {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS},
                          {dnnl_query_src_md, dnnl_query_diff_dst_md, dnnl_query_diff_weights_md,
                           dnnl_query_diff_weights_md}},
};

static psh_status describe_conv(psh__conv *conv, pass which, const_dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *dst, psh_error *err) {
    geometry g;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t status = describe_arrays(&conv->params, which, &g);
    if (status == dnnl_success) status = make_attributes(which == FORWARD && conv->params.then_relu, &attr);
    if (status == dnnl_success) status = describe_pass(&g, which, conv->dnnl->engine, hint, attr, dst);
    if (attr) dnnl_primitive_attr_destroy(attr);
    undescribe(&g);
    if (status == dnnl_success) return PSH_OK;
    const psh__conv_params *p = &conv->params;
    return psh__error(err, answer(status),
                      "oneDNN %d.%d cannot make a %sconvolution of %d x %d x %d to %d x %d x %d, kernel %d, stride %d, "
                      "padding %d and %d (its status %d)",
                      dnnl_version()->major, dnnl_version()->minor, p->is_transposed ? "transposed " : "", p->in_h,
                      p->in_w, p->in_c, p->out_h, p->out_w, p->out_c, p->kernel, p->stride, p->pad_lo, p->pad_hi,
                      (int)status);
}

static void grow_scratch(psh__conv *conv, const kernel *k) {
    if (k->scratch_bytes > conv->scratch_bytes) conv->scratch_bytes = k->scratch_bytes;
}

static psh_status add_reorder(psh__conv *conv, layout src, layout dst, kernel *k, psh_error *err) {
    dnnl_primitive_attr_t attr;
    PSH_TRY(explain(err, make_attributes(false, &attr), "reorder weights"));
    psh_status status = reorder_create(conv->dnnl, src, dst, attr, k, err);
    dnnl_primitive_attr_destroy(attr);
    grow_scratch(conv, k);
    return status;
}

/* The weights of pass `which`, made from packed ones if they are not the same already. */
static psh_status add_take(psh__conv *conv, pass which, layout packed, layout wanted, psh_error *err) {
    if (dnnl_memory_desc_equal(packed, wanted)) return PSH_OK;
    size_t n_bytes = dnnl_memory_desc_get_size(wanted);
    conv->weights[which] = conv->owned[which] = psh__malloc(n_bytes, 1);
    if (!conv->owned[which]) return psh__error_memory(err, "weights", n_bytes);
    return add_reorder(conv, packed, wanted, &conv->take[which], err);
}

/* Conversion of one pass's input to bfloat16. */
static psh_status add_narrow(psh__conv *conv, layout narrow, int h, int w, int c, kernel *k, size_t *n_bytes,
                             psh_error *err) {
    dnnl_dims_t dims = {conv->params.n_images, c, h, w};
    geometry wide = {0};
    PSH_TRY(explain(err, describe(&wide.data, 4, dims, dnnl_f32, dnnl_nhwc), "describe an array"));
    psh_status status = add_reorder(conv, layout_of(&wide.data), narrow, k, err);
    undescribe(&wide);
    *n_bytes = (dnnl_memory_desc_get_size(narrow) + 63) / 64 * 64;
    return status;
}

/* Weight orders, from the descriptions of the passes (NULL where not training). */
static psh_status add_reorders(psh__conv *conv, const dnnl_primitive_desc_t *pds, psh_error *err) {
    const psh__conv_params *p = &conv->params;
    psh_status status = PSH_OK;
    geometry plain = {0};
    dnnl_dims_t dims = {p->out_c, p->in_c, p->kernel, p->kernel};
    layout forward = dnnl_primitive_desc_query_md(pds[FORWARD], dnnl_query_weights_md, 0), packed = forward;
    size_t data_bytes = 0, result_bytes = 0;
    PSH_TRY_GOTO(explain(err, describe(&plain.weights, 4, dims, dnnl_f32, dnnl_oihw), "describe weights"));
    if (p->is_training)
        packed = dnnl_primitive_desc_query_md(pds[BACKWARD_WEIGHTS], dnnl_query_diff_weights_md, 0);
    else if (p->is_bf16)
        packed = layout_of(&plain.weights);
    conv->packed_floats = dnnl_memory_desc_get_size(packed) / sizeof(float);
    PSH_TRY_GOTO(add_reorder(conv, layout_of(&plain.weights), packed, &conv->pack, err));
    PSH_TRY_GOTO(add_reorder(conv, packed, layout_of(&plain.weights), &conv->unpack, err));
    PSH_TRY_GOTO(add_take(conv, FORWARD, packed, forward, err));
    if (p->is_training)
        PSH_TRY_GOTO(add_take(conv, BACKWARD_DATA, packed,
                              dnnl_primitive_desc_query_md(pds[BACKWARD_DATA], dnnl_query_weights_md, 0), err));
    if (p->is_bf16)
        PSH_TRY_GOTO(add_narrow(conv, dnnl_primitive_desc_query_md(pds[FORWARD], dnnl_query_src_md, 0), p->in_h,
                                p->in_w, p->in_c, &conv->narrow_data, &data_bytes, err));
    if (p->is_bf16 && p->is_training)
        PSH_TRY_GOTO(add_narrow(conv, dnnl_primitive_desc_query_md(pds[BACKWARD_DATA], dnnl_query_diff_dst_md, 0),
                                p->out_h, p->out_w, p->out_c, &conv->narrow_result, &result_bytes, err));
    conv->data_at = (conv->scratch_bytes + 63) / 64 * 64;
    conv->result_at = conv->data_at + data_bytes;
    conv->scratch_bytes = conv->result_at + result_bytes;
done:
    undescribe(&plain);
    return status;
}

psh_status psh__conv_create(psh__dnnl *dnnl, const psh__conv_params *params, psh__conv **dst, psh_error *err) {
    psh_status status = PSH_OK;
    dnnl_primitive_desc_t pds[3] = {NULL};
    int n_passes = params->is_training ? 3 : 1;
    psh__conv *conv = psh__calloc(1, sizeof *conv);
    if (!conv) return psh__error_memory(err, "a network", sizeof *conv);
    conv->dnnl = dnnl;
    conv->params = *params;
    for (int i = 0; i < n_passes; i++)
        PSH_TRY_GOTO(describe_conv(conv, (pass)i, i ? pds[FORWARD] : NULL, &pds[i], err));
    for (int i = 0; i < n_passes; i++) {
        PSH_TRY_GOTO(kernel_create(dnnl, pds[i], pass_args[i].n_args, pass_args[i].ids, pass_args[i].queries,
                                   &conv->passes[i], err));
        grow_scratch(conv, &conv->passes[i]);
    }
    PSH_TRY_GOTO(add_reorders(conv, pds, err));
    conv->scratch = psh__malloc((size_t)dnnl->n_workers, conv->scratch_bytes);
    if (!conv->scratch) {
        status = psh__error_memory(err, "a network", (size_t)dnnl->n_workers * conv->scratch_bytes);
        goto done;
    }
    *dst = conv;
    conv = NULL;
done:
    for (int i = 0; i < 3; i++)
        if (pds[i]) dnnl_primitive_desc_destroy(pds[i]);
    psh__conv_free(conv);
    return status;
}

void psh__conv_free(psh__conv *conv) {
    if (!conv) return;
    kernel *all[] = {&conv->passes[0], &conv->passes[1], &conv->passes[2],   &conv->pack,         &conv->unpack,
                     &conv->take[0],   &conv->take[1],   &conv->narrow_data, &conv->narrow_result};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) kernel_free(all[i], conv->dnnl->n_workers);
    for (int i = 0; i < 2; i++) psh__free(conv->owned[i]);
    psh__free(conv->scratch);
    psh__free(conv);
}

size_t psh__conv_packed_floats(const psh__conv *conv) {
    return conv->packed_floats;
}

static void *scratch_of(const psh__conv *conv, int worker) {
    return conv->scratch + (size_t)worker * conv->scratch_bytes;
}

static psh_status reorder(const psh__conv *conv, const kernel *k, int worker, const void *src, void *dst) {
    const void *arrays[] = {src, dst};
    return kernel_run(k, conv->dnnl, worker, arrays, scratch_of(conv, worker));
}

psh_status psh__conv_pack(psh__conv *conv, const float *plain, float *packed, psh_error *err) {
    psh_status status = reorder(conv, &conv->pack, 0, plain, packed);
    return status == PSH_OK ? PSH_OK : psh__error(err, status, "oneDNN failed to reorder weights");
}

psh_status psh__conv_unpack(psh__conv *conv, const float *packed, float *plain, psh_error *err) {
    psh_status status = reorder(conv, &conv->unpack, 0, packed, plain);
    return status == PSH_OK ? PSH_OK : psh__error(err, status, "oneDNN failed to reorder weights");
}

psh_status psh__conv_take_weights(psh__conv *conv, int worker, const float *packed) {
    for (int i = 0; i < 2; i++) {
        if (conv->take[i].primitive)
            PSH_TRY(reorder(conv, &conv->take[i], worker, packed, conv->owned[i]));
        else
            conv->weights[i] = packed;
    }
    return PSH_OK;
}

/* `wide` itself, or its copy in bfloat16 at `at` of the worker's scratch. */
static psh_status narrowed(const psh__conv *conv, const kernel *k, int worker, const float *wide, size_t at,
                           const void **dst) {
    *dst = wide;
    if (!k->primitive) return PSH_OK;
    uint8_t *narrow = (uint8_t *)scratch_of(conv, worker) + at;
    *dst = narrow;
    return reorder(conv, k, worker, wide, narrow);
}

psh_status psh__conv_forward(psh__conv *conv, int worker, const float *src, const float *bias, float *dst) {
    const void *data;
    PSH_TRY(narrowed(conv, &conv->narrow_data, worker, src, conv->data_at, &data));
    const void *arrays[] = {data, conv->weights[FORWARD], bias, dst};
    return kernel_run(&conv->passes[FORWARD], conv->dnnl, worker, arrays, scratch_of(conv, worker));
}

psh_status psh__conv_backward_data(psh__conv *conv, int worker, const float *d_dst, float *d_src) {
    const void *result;
    PSH_TRY(narrowed(conv, &conv->narrow_result, worker, d_dst, conv->result_at, &result));
    const void *arrays[] = {result, conv->weights[BACKWARD_DATA], d_src};
    return kernel_run(&conv->passes[BACKWARD_DATA], conv->dnnl, worker, arrays, scratch_of(conv, worker));
}

psh_status psh__conv_backward_weights(psh__conv *conv, int worker, const float *src, const float *d_dst,
                                      float *d_packed, float *d_bias) {
    const void *data, *result;
    PSH_TRY(narrowed(conv, &conv->narrow_data, worker, src, conv->data_at, &data));
    PSH_TRY(narrowed(conv, &conv->narrow_result, worker, d_dst, conv->result_at, &result));
    const void *arrays[] = {data, result, d_packed, d_bias};
    return kernel_run(&conv->passes[BACKWARD_WEIGHTS], conv->dnnl, worker, arrays, scratch_of(conv, worker));
}
