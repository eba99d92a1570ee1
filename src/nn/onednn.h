/* onednn.h : the few things that oneDNN does for us: convolutions, transposed convolutions and matrix products, each on
 * one thread. onednn.c is the only file that sees its headers.
 *
 * Activations are plain (image, row, column, channel) float32, so every layer can read them; weights are in whatever
 * order the kernels like best, and are put in it once after each change. docs/decisions/0005-nn.md has the figures. */
#ifndef PSH_NN_ONEDNN_H
#define PSH_NN_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>

#include "persihash/status.h"

/* An engine, and a stream for each of n_workers threads: worker w may be used by one thread at a time. */
typedef struct psh__dnnl psh__dnnl;
psh_status psh__dnnl_create(int n_workers, psh__dnnl **dst, psh_error *err);
void psh__dnnl_free(psh__dnnl *dnnl); /* NULL is fine */

/* oneDNN takes as many threads as OpenMP would give to a region opened here. psh__single_thread(1) gives it one from
 * now on in this thread (in a parallel region: until its end), and answers what to give back to it later. */
int psh__single_thread(int n_threads);

/* True if this CPU multiplies bfloat16 numbers. */
bool psh__has_bf16(void);

/* dst (n, m) = a (n, k) b (k, m) [+ dst if `add`], all row-major; a_transposed: a is stored (k, n); b likewise (m, k).
 * a_row, b_row, dst_row: elements from one stored row to the next. */
psh_status psh__gemm(bool a_transposed, bool b_transposed, size_t n, size_t m, size_t k, const float *a, size_t a_row,
                     const float *b, size_t b_row, bool add, float *dst, size_t dst_row);

typedef struct psh__conv_params {
    int n_images; /* at a time */
    int in_h, in_w, in_c, out_h, out_w, out_c, kernel, stride;
    int pad_lo, pad_hi; /* rows above and below, columns left and right */
    bool is_transposed; /* out = (in - 1) stride - pads + kernel; else out = (in + pads - kernel) / stride + 1 */
    bool is_training;
    bool is_bf16; /* multiply bfloat16 numbers, add float32 ones */
    bool then_relu;
} psh__conv_params;

/* A convolution: the kernels of its three passes, and its weights in their orders. "Packed" is the order of the
 * gradient (of the forward pass if not training), which the optimiser can work on element by element. "Plain" is
 * (out_c, in_c, row, column). */
typedef struct psh__conv psh__conv;
psh_status psh__conv_create(psh__dnnl *dnnl, const psh__conv_params *params, psh__conv **dst, psh_error *err);
void psh__conv_free(psh__conv *conv); /* NULL is fine */
size_t psh__conv_packed_floats(const psh__conv *conv);
psh_status psh__conv_pack(psh__conv *conv, const float *plain, float *packed, psh_error *err);
psh_status psh__conv_unpack(psh__conv *conv, const float *packed, float *plain, psh_error *err);

/* The weights that the passes below use; call it after each change. */
psh_status psh__conv_take_weights(psh__conv *conv, int worker, const float *packed);
/* src : (n_images, in_h, in_w, in_c), dst : (n_images, out_h, out_w, out_c). The others overwrite what they answer. */
psh_status psh__conv_forward(psh__conv *conv, int worker, const float *src, const float *bias, float *dst);
psh_status psh__conv_backward_data(psh__conv *conv, int worker, const float *d_dst, float *d_src);
psh_status psh__conv_backward_weights(psh__conv *conv, int worker, const float *src, const float *d_dst,
                                      float *d_packed, float *d_bias);

#endif
