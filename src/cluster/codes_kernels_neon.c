/* codes_kernels_neon.c : two slots at a time; CNT counts the bits of bytes, three pairwise additions sum eight bytes.
 */
#include "cluster/codes_kernels.h"

#include <arm_neon.h>

static inline uint64x2_t distances(const psh__planes *planes, size_t n_words, const uint64_t *query, size_t slot) {
    uint64x2_t sum = vdupq_n_u64(0);
    for (size_t w = 0; w < n_words; w++) {
        uint64x2_t differ = veorq_u64(vld1q_u64(planes->words + w * planes->stride + slot), vdupq_n_u64(query[w]));
        uint8x16_t counts = vcntq_u8(vreinterpretq_u8_u64(differ));
        sum = vaddq_u64(sum, vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(counts))));
    }
    return sum;
}

static inline uint64x2_t min_key(uint64x2_t a, uint64x2_t b) {
    return vbslq_u64(vcgtq_u64(a, b), b, a);
}

static inline uint64_t least_lane(uint64x2_t keys) {
    uint64_t low = vgetq_lane_u64(keys, 0), high = vgetq_lane_u64(keys, 1);
    return low < high ? low : high;
}

static uint64_t join(const psh__fringe *fringe, const uint64_t *query, uint32_t item, size_t begin, size_t end) {
    const uint32x2_t joined = vdup_n_u32(item);
    uint64x2_t least = vdupq_n_u64(PSH__EDGE_NONE);
    size_t slot = begin;
    for (; slot + 2 <= end; slot += 2) {
        uint64x2_t distance = distances(&fringe->codes, fringe->codes.n_words, query, slot);
        uint32x2_t items = vld1_u32(fringe->items + slot);
        uint64x2_t i = vshlq_n_u64(vmovl_u32(vmin_u32(items, joined)), PSH__EDGE_ITEM_BITS);
        uint64x2_t j = vmovl_u32(vmax_u32(items, joined));
        uint64x2_t key = vorrq_u64(vshlq_n_u64(distance, PSH__EDGE_DISTANCE_SHIFT), vorrq_u64(i, j));
        key = min_key(key, vld1q_u64(fringe->keys + slot));
        vst1q_u64(fringe->keys + slot, key);
        least = min_key(least, key);
    }
    uint64_t result = least_lane(least);
    for (; slot < end; slot++) {
        uint64_t key = psh__slot_join(fringe, query, item, slot);
        result = key < result ? key : result;
    }
    return result;
}

static uint64_t least_key(const uint64_t *keys, size_t begin, size_t end) {
    uint64x2_t least = vdupq_n_u64(PSH__EDGE_NONE);
    size_t slot = begin;
    for (; slot + 2 <= end; slot += 2) least = min_key(least, vld1q_u64(keys + slot));
    uint64_t result = least_lane(least);
    for (; slot < end; slot++) result = keys[slot] < result ? keys[slot] : result;
    return result;
}

static uint64_t sum_squares(const psh__planes *planes, const uint64_t *query, size_t begin, size_t end) {
    uint64x2_t sum = vdupq_n_u64(0);
    size_t slot = begin;
    for (; slot + 2 <= end; slot += 2) {
        uint32x2_t distance = vmovn_u64(distances(planes, planes->n_words, query, slot));
        sum = vmlal_u32(sum, distance, distance);
    }
    uint64_t result = vgetq_lane_u64(sum, 0) + vgetq_lane_u64(sum, 1);
    for (; slot < end; slot++) {
        uint64_t distance = psh__slot_distance(planes, query, slot);
        result += distance * distance;
    }
    return result;
}

const psh__codes_kernels psh__codes_kernels_neon = {join, least_key, sum_squares};
