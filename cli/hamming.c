/* hamming.c : all pairs of a code set, in the narrowest type. */
#include "hamming.h"

psh_status cli_hamming(const psh_codes *codes, int n_threads, psh_distances **dst, psh_error *err) {
    size_t n = psh_codes_count(codes), n_bytes = psh_codes_n_bytes(codes);
    bool is_narrow = psh_codes_n_bits(codes) <= 255;
    psh_distances *distances = NULL;
    CLI_TRY(psh_distances_create(is_narrow ? PSH_DISTANCE_U8 : PSH_DISTANCE_U16, n, &distances, err));
    void *data = psh_distances_data(distances);
    psh_status status = is_narrow ? psh_hamming_condensed_u8(psh_codes_data(codes), n, n_bytes, n_threads, data, err)
                                  : psh_hamming_condensed_u16(psh_codes_data(codes), n, n_bytes, n_threads, data, err);
    if (status == PSH_OK)
        *dst = distances;
    else
        psh_distances_free(distances);
    return status;
}
