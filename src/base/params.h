/* params.h : reading a caller's option struct, which may be older (shorter) than ours. */
#ifndef PSH_BASE_PARAMS_H
#define PSH_BASE_PARAMS_H

#include <stddef.h>
#include <string.h>

/* dst : our struct of dst_bytes, first member size_t struct_bytes. src : the caller's or NULL (all defaults). Members
 * that the caller's header did not have become zero, which is every option's default. */
static inline void psh__params_copy(void *dst, size_t dst_bytes, const void *src) {
    memset(dst, 0, dst_bytes);
    if (src) {
        size_t src_bytes;
        memcpy(&src_bytes, src, sizeof src_bytes);
        memcpy(dst, src, src_bytes < dst_bytes ? src_bytes : dst_bytes);
    }
    memcpy(dst, &dst_bytes, sizeof dst_bytes);
}

#endif
