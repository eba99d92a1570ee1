/* frame.c : how coordinates are mapped to the unit square.
 *
 * One affine map x -> (x - lo) / (hi - lo) for births and deaths alike, so the diagonal stays the diagonal and every
 * W_q is divided by hi - lo. lo and hi are taken over all finite coordinates: the birth of an essential class counts,
 * its death does not. Cost: one pass over the points. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "diagram/set.h"

/* Least and greatest finite coordinate of points [begin, end); lo > hi if there is none. */
static void find_span(const psh_diagrams *set, size_t begin, size_t end, double *lo, double *hi) {
    double least = INFINITY, greatest = -INFINITY;
    for (size_t i = begin; i < end; i++) {
        double birth = set->points[2 * i], death = set->points[2 * i + 1];
        double last = death <= DBL_MAX ? death : birth;
        least = birth < least ? birth : least;
        greatest = last > greatest ? last : greatest;
    }
    *lo = least, *hi = greatest;
}

/* Equal coordinates get a span of 1, or of one unit in the last place where 1 is lost in rounding. */
static void widen(double *lo, double *hi) {
    if (*lo > *hi) *lo = *hi = 0;
    if (*lo < *hi) return;
    *hi = *lo + 1;
    if (*hi == *lo) *hi = nextafter(*lo, INFINITY);
    if (isinf(*hi)) *hi = *lo, *lo = nextafter(*hi, 0); /* all at DBL_MAX */
}

static psh_status check_span(double lo, double hi, psh_error *err) {
    if (isfinite(hi - lo)) return PSH_OK;
    return psh__error(err, PSH_ERR_DATA,
                      "coordinates from %g to %g: their difference is beyond double precision; rescale the diagrams",
                      lo, hi);
}

psh_status psh_frame_fit(const psh_diagrams *set, psh_frame_kind kind, psh_frame *dst, psh_error *err) {
    assert(set && dst);
    double lo = 0, hi = 1;
    switch (kind) {
    case PSH_FRAME_SET:
        find_span(set, 0, set->n_points, &lo, &hi);
        widen(&lo, &hi);
        PSH_TRY(check_span(lo, hi, err));
        break;
    case PSH_FRAME_DIAGRAM:
        for (size_t i = 0; i < set->n_diagrams; i++) {
            psh_frame_bounds(&(psh_frame){.kind = kind}, set, i, &lo, &hi);
            psh_status status = check_span(lo, hi, err);
            if (status != PSH_OK) return psh__error_prefix(err, status, "diagram %zu", i);
        }
        lo = 0, hi = 1;
        break;
    case PSH_FRAME_FIXED:
        lo = dst->lo, hi = dst->hi;
        if (!isfinite(lo) || !isfinite(hi) || !(lo < hi) || !isfinite(hi - lo))
            return psh__error(err, PSH_ERR_PARAMETER, "frame from %g to %g; expected finite lo < hi", lo, hi);
        break;
    default:
        return psh__error(err, PSH_ERR_PARAMETER, "frame kind %d; expected set (0), diagram (1) or fixed (2)",
                          (int)kind);
    }
    *dst = (psh_frame){.kind = kind, .lo = lo, .hi = hi};
    return PSH_OK;
}

void psh_frame_bounds(const psh_frame *frame, const psh_diagrams *set, size_t i_diagram, double *lo, double *hi) {
    assert(frame && lo && hi);
    *lo = frame->lo, *hi = frame->hi;
    if (frame->kind != PSH_FRAME_DIAGRAM) return;
    assert(set && i_diagram < set->n_diagrams);
    find_span(set, set->offsets[i_diagram], set->offsets[i_diagram + 1], lo, hi);
    widen(lo, hi);
}

/* Little-endian bytes of the number's bits; -0 and 0 are one bound. */
static uint64_t hash_double(uint64_t hash, double x) {
    uint8_t bytes[8];
    uint64_t bits;
    if (x == 0) x = 0;
    memcpy(&bits, &x, sizeof bits);
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(bits >> 8 * i);
    return psh__hash(hash, bytes, sizeof bytes);
}

uint64_t psh_frame_id(const psh_frame *frame) {
    assert(frame);
    uint8_t kind = (uint8_t)frame->kind;
    uint64_t hash = psh__hash(PSH__HASH_START, &kind, 1);
    if (frame->kind == PSH_FRAME_DIAGRAM) return hash;
    return hash_double(hash_double(hash, frame->lo), frame->hi);
}
