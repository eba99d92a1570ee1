/* pdgan_adapt.c : batch normalisation by the statistics of the set to be encoded.
 *
 * Uniform diagrams and real ones differ so much that, by the statistics of the former, most outputs have one sign on
 * all of the latter: bits that say nothing. The network is therefore run over a sample of the set as in training, where
 * each normalisation goes by the batch that it sees, and those means and variances are kept (Li, Wang, Shi, Hou, Liu
 * 2016, "Revisiting batch normalization for practical domain adaptation"). Learned scales and shifts stay, so a bit
 * that is rarely 1 in training is rarely 1 here. No distance is computed.
 *
 * Dropout, noise of training alone, is left out. Cost: as encoding the sample. */
#include <string.h>

#include "base/error.h"
#include "encoder/pdgan.h"

enum { MAX_SAMPLE = 256, MAX_SLICES = 8 };

psh_status psh__pdgan_take_statistics(psh__pdgan *pdgan, const psh_diagrams *set, const psh_frame *frame,
                                      uint32_t dims_mask, int n_threads, psh_error *err) {
    psh_status status = PSH_OK;
    psh__net *net = NULL;
    psh__layers layers;
    size_t n_all = psh_diagrams_count(set), n = n_all < MAX_SAMPLE ? n_all : MAX_SAMPLE, n_slices = MAX_SLICES;
    if (n < 2) return PSH_OK; /* there is no variance: as in training */
    while (n % n_slices != 0) n_slices--;
    pdgan->shape.dropout = 0;
    float *next = pdgan->values;
    for (size_t i = 0; i < pdgan->n_net; next += pdgan->tensors[i++].n_values) /* leave no trace of the last set */
        if (!pdgan->tensors[i].is_trained) memset(next, 0, pdgan->tensors[i].n_values * sizeof *next);
    psh__net_params params = {.n_batch = (int)n, .n_slices = (int)n_slices, .n_threads = n_threads, .norm_momentum = 1};
    PSH_TRY(psh__pdgan_net(pdgan, &layers, params, &net, err));
    size_t n_floats = (size_t)layers.in.h * (size_t)layers.in.w * (size_t)layers.in.c;
    for (size_t i = 0; i < n; i++)
        psh__pdgan_fill(set, frame, dims_mask, &pdgan->input, psh__pdgan_sample(n_all, n, i), 1,
                        psh__net_input(net) + i * n_floats);
    PSH_TRY_GOTO(psh__net_forward(net, n, true, err));
    next = pdgan->values;
    for (size_t i = 0; i < pdgan->n_net; next += pdgan->tensors[i++].n_values)
        if (!pdgan->tensors[i].is_trained) PSH_TRY_GOTO(psh__net_get(net, i, PSH__VALUES, next, err));
done:
    psh__net_free(net);
    return status;
}
