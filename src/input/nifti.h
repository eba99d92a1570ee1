/* nifti.h : NIfTI-1 and NIfTI-2 volumes (.nii; .nii.gz is inflated before). */
#ifndef PSH_INPUT_NIFTI_H
#define PSH_INPUT_NIFTI_H

#include "input/image.h"

typedef struct psh__nifti {
    const uint8_t *items; /* borrowed: the first voxel of the first volume */
    size_t shape[3];      /* D, H, W: NIfTI's axes z, y, x */
    size_t n_volumes;     /* 1 at least: the product of the axes beyond the third */
    char kind;            /* 'u', 'i', 'f' */
    size_t item_bytes;
    bool is_swapped; /* items are not in this machine's byte order */
    bool is_scaled;  /* voxel = slope * item + inter */
    double slope, inter;
} psh__nifti;

/* psh__nifti_open() : reads the header; `bytes` must outlive it; nothing to free. Errors: PSH_ERR_CORRUPT,
 * PSH_ERR_SHAPE, PSH_ERR_UNSUPPORTED (a header without its voxels; complex numbers, colours, 128-bit floats; CIFTI). */
psh_status psh__nifti_open(const uint8_t *bytes, size_t n_bytes, psh__nifti *dst, psh_error *err);
/* psh__nifti_read() : one volume, (D, H, W). Errors: PSH_ERR_NOT_FINITE, PSH_ERR_MEMORY. Threads: several may read. */
psh_status psh__nifti_read(const psh__nifti *nifti, size_t i_volume, psh_image **dst, psh_error *err);

#endif
