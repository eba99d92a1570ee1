/* quickstart.c : images -> diagrams -> codes -> all pairs of Hamming distances, with the library alone.
 *
 *   cc quickstart.c $(pkg-config --cflags --libs persihash) -o quickstart && ./quickstart images/ */
#include <persihash/persihash.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    psh_error err = {0};
    psh_input *input = NULL;
    psh_diagrams *set = NULL;
    psh_model *model = NULL;
    uint8_t *codes = NULL, *distances = NULL;
    int result = 1;

    if (argc < 2) {
        fprintf(stderr, "usage: quickstart IMAGES...\n");
        return 2;
    }
    if (psh_input_open((const char *const *)argv + 1, (size_t)argc - 1, NULL, &input, &err) != PSH_OK) goto done;
    if (psh_diagrams_compute(input, NULL, 0, NULL, &set, &err) != PSH_OK) goto done;
    if (psh_compact_fit(set, NULL, NULL, &model, NULL, &err) != PSH_OK) goto done; /* 64 bits, fitted to the set */

    size_t n = psh_diagrams_count(set), n_bytes = psh_model_n_bytes(model), n_pairs = n * (n - 1) / 2;
    codes = malloc(n * n_bytes), distances = malloc(n_pairs);
    if (!codes || !distances) goto done;
    if (psh_model_encode(model, set, 0, codes, &err) != PSH_OK) goto done;
    if (psh_hamming_condensed_u8(codes, n, n_bytes, 0, distances, &err) != PSH_OK) goto done;

    size_t nearest = 0;
    for (size_t i = 0; i + 1 < n; i++)
        if (distances[i] < distances[nearest]) nearest = i; /* the first row: item 0 against 1, 2, ... */
    printf("%zu images; nearest to %s is %s, %d of 64 bits away\n", n, psh_diagrams_name(set, 0),
           psh_diagrams_name(set, nearest + 1), distances[nearest]);
    result = 0;
done:
    if (result) fprintf(stderr, "quickstart: %s\n", err.text);
    free(distances), free(codes);
    psh_model_free(model);
    psh_diagrams_free(set);
    psh_input_free(input);
    return result;
}
