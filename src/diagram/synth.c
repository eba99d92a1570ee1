/* synth.c : synthetic diagrams.
 *
 * Uniform (section 4.3 of the paper): points uniform in the unit square, those under the diagonal rejected, so that the
 * rest is uniform over the triangle birth <= death. Coordinates are multiples of 2^-53. Diagram i draws from the random
 * stream i of the seed: the first diagrams of a larger set are those of a smaller one. */
#include <assert.h>

#include "base/error.h"
#include "base/random.h"
#include "base/size.h"
#include "diagram/set.h"

static psh_status record(psh_meta *meta, size_t n_points, uint64_t seed, psh_error *err) {
    if (psh_meta_set_text(meta, "tool", "persihash " PSH_VERSION_STRING) != PSH_OK ||
        psh_meta_set_text(meta, "synth", "uniform") != PSH_OK ||
        psh_meta_set_integer(meta, "n_points", (int64_t)n_points) != PSH_OK ||
        psh_meta_set_integer(meta, "seed", (int64_t)seed) != PSH_OK)
        return psh__error_memory(err, "metadata", 64);
    return PSH_OK;
}

static psh_status add_uniform(psh_diagrams *set, size_t n_points, uint64_t seed, psh_error *err) {
    psh__random rng;
    size_t n_open = 0;
    psh__random_init(&rng, seed, set->n_diagrams);
    while (n_open < n_points) {
        double birth = psh__random_unit(&rng), death = psh__random_unit(&rng);
        if (birth <= death) PSH_TRY(psh__set_add_point(set, &n_open, birth, death, 0, err));
    }
    return psh__set_end_diagram(set, n_open, "", 0, -1, err);
}

psh_status psh_diagrams_synth_uniform(size_t n_diagrams, size_t n_points, uint64_t seed, psh_diagrams **dst,
                                      psh_error *err) {
    assert(dst);
    psh_status status = PSH_OK;
    size_t n_all;
    psh_diagrams *set = NULL;
    if (!psh__size_mul(n_diagrams, n_points, &n_all) || n_all > SIZE_MAX / 64)
        return psh__error_memory(err, "synthetic diagrams", ~0ull);
    PSH_TRY_GOTO(psh_diagrams_create(&set, err));
    PSH_TRY_GOTO(psh__set_reserve(set, n_diagrams, n_all, n_diagrams, err));
    for (size_t i = 0; i < n_diagrams; i++) PSH_TRY_GOTO(add_uniform(set, n_points, seed, err));
    PSH_TRY_GOTO(record(set->meta, n_points, seed, err));
done:
    if (status == PSH_OK)
        *dst = set;
    else
        psh_diagrams_free(set);
    return status;
}
