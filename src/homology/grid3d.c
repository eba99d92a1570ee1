/* grid3d.c : values of any type as integer keys with a border, sides glued on request. */
#include "homology/grid3d.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/reserve.h"
#include "homology/value_key.h"

void psh__grid3d_free(psh__grid3d *grid) {
    psh__free(grid->keys);
    psh__free(grid->glue_room);
    memset(grid, 0, sizeof *grid);
}

psh_status psh__grid3d_size(const size_t shape[3], size_t *n_voxels, psh_error *err) {
    bool fits = true;
    *n_voxels = 1;
    for (int axis = 0; axis < 3; axis++) fits = fits && psh__size_mul(*n_voxels, shape[axis] + 2, n_voxels);
    if (fits && *n_voxels <= UINT32_MAX) return PSH_OK;
    return psh__error(err, PSH_ERR_UNSUPPORTED,
                      "volume of %zu x %zu x %zu voxels: with a border of one voxel it must have less than 2^32; "
                      "scale it down, or cut it into blocks",
                      shape[0], shape[1], shape[2]);
}

static psh_status reserve_voxels(psh__grid3d *grid, const psh_image *image, const bool is_glued[3], psh_error *err) {
    size_t n_voxels;
    psh_image_shape(image, grid->shape);
    PSH_TRY(psh__grid3d_size(grid->shape, &n_voxels, err));
    grid->n_voxels = n_voxels;
    grid->stride[2] = 1, grid->stride[1] = grid->shape[2] + 2, grid->stride[0] = grid->stride[1] * (grid->shape[1] + 2);
    memcpy(grid->is_glued, is_glued, sizeof grid->is_glued);
    grid->is_wide = psh_image_dtype(image) == PSH_F64;
    RESERVE(grid, keys, n_voxels * (grid->is_wide ? 8 : 4), "the values of a volume");
    grid->glue = NULL;
    if (is_glued[0] || is_glued[1] || is_glued[2]) {
        RESERVE(grid, glue_room, n_voxels, "the gluing of a volume");
        grid->glue = grid->glue_room;
    }
    return PSH_OK;
}

static void fill_row(psh_dtype dtype, const void *src, size_t n_voxels, uint64_t flip64, void *dst) {
    int32_t *narrow = dst;
    int64_t *wide = dst;
    const uint32_t flip = (uint32_t)flip64, top = (uint32_t)1 << 31;
    for (size_t x = 0; x < n_voxels; x++) switch (dtype) {
        case PSH_U8:
            narrow[x] = (int32_t)(((((const uint8_t *)src)[x] ^ flip) + 1) ^ top);
            break;
        case PSH_U16:
            narrow[x] = (int32_t)(((((const uint16_t *)src)[x] ^ flip) + 1) ^ top);
            break;
        case PSH_F32:
            narrow[x] = (int32_t)(psh__key_from_f32(((const float *)src)[x]) ^ flip ^ top);
            break;
        case PSH_F64:
            wide[x] = (int64_t)(psh__key_from_f64(((const double *)src)[x]) ^ flip64 ^ (uint64_t)1 << 63);
            break;
        }
}

/* Coordinate 0 .. n + 1 of a glued axis as one of 1 .. n. */
static size_t glued(const psh__grid3d *grid, unsigned axis, size_t i) {
    size_t n = grid->shape[axis];
    return !grid->is_glued[axis] ? i : i == 0 ? n : i == n + 1 ? 1 : i;
}

static void glue_border(psh__grid3d *grid) {
    size_t key_bytes = grid->is_wide ? 8 : 4, voxel = 0;
    for (size_t z = 0; z < grid->shape[0] + 2; z++)
        for (size_t y = 0; y < grid->shape[1] + 2; y++)
            for (size_t x = 0; x < grid->shape[2] + 2; x++, voxel++) {
                size_t origin =
                    glued(grid, 0, z) * grid->stride[0] + glued(grid, 1, y) * grid->stride[1] + glued(grid, 2, x);
                grid->glue_room[voxel] = (uint32_t)origin;
                if (origin != voxel) memcpy(grid->keys + voxel * key_bytes, grid->keys + origin * key_bytes, key_bytes);
            }
}

static void fill_border(psh__grid3d *grid, bool is_outside_first) {
    if (grid->is_wide) {
        int64_t *keys = (int64_t *)(void *)grid->keys;
        grid->outside_key = is_outside_first ? INT64_MIN : INT64_MAX;
        for (size_t i = 0; i < grid->n_voxels; i++) keys[i] = grid->outside_key;
    } else {
        int32_t *keys = (int32_t *)(void *)grid->keys;
        grid->outside_key = is_outside_first ? INT32_MIN : INT32_MAX;
        for (size_t i = 0; i < grid->n_voxels; i++) keys[i] = (int32_t)grid->outside_key;
    }
}

psh_status psh__grid3d_fill(psh__grid3d *grid, const psh_image *image, bool is_reversed, bool is_outside_first,
                            const bool is_glued[3], psh_error *err) {
    PSH_TRY(reserve_voxels(grid, image, is_glued, err));
    psh_dtype dtype = psh_image_dtype(image);
    size_t item_bytes = psh__key_bytes(dtype), key_bytes = grid->is_wide ? 8 : 4;
    const uint8_t *src = psh_image_pixels(image);
    grid->flip = is_reversed ? psh__key_all(dtype) : 0;
    grid->shift = dtype == PSH_U8 || dtype == PSH_U16; /* floats have no key 0: it would be a NaN */
    fill_border(grid, is_outside_first);
    for (size_t z = 1; z <= grid->shape[0]; z++)
        for (size_t y = 1; y <= grid->shape[1]; y++, src += grid->shape[2] * item_bytes) {
            size_t first = z * grid->stride[0] + y * grid->stride[1] + 1;
            fill_row(dtype, src, grid->shape[2], grid->flip, grid->keys + first * key_bytes);
        }
    if (grid->glue) glue_border(grid);
    return PSH_OK;
}

void psh__grid3d_set_steps(psh__grid3d *grid, const int8_t (*vectors)[3], size_t n_directions) {
    for (size_t d = 0; d < n_directions; d++) {
        grid->steps[d] = 0;
        for (int axis = 0; axis < 3; axis++) grid->steps[d] += vectors[d][axis] * (int64_t)grid->stride[axis];
    }
    grid->steps[n_directions] = 0;
}
