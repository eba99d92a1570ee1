/* rips_room.c : memory of Rips persistence, counted against a limit. (While it is moved, an array that grows is there
 * twice, which is not counted; the large ones of a fresh workspace are made at once in their full size.) */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/rips.h"

psh_status psh__room_grow(psh__room *room, void *array_ptr, size_t *capacity, size_t need, size_t item_bytes,
                          const char *what, psh_error *err) {
    if (need <= *capacity) return PSH_OK;
    size_t bigger, n_more;
    if (!psh__size_add(need, *capacity / 2, &bigger) || !psh__size_mul(bigger - *capacity, item_bytes, &n_more))
        return psh__error_memory(err, what, UINT64_MAX);
    if (n_more > room->max_bytes || room->n_bytes > room->max_bytes - n_more)
        return psh__error(err, PSH_ERR_MEMORY,
                          "Rips persistence: %s would take the memory to %.3g GB, the limit is %.3g GB; lower the "
                          "threshold, take fewer points, or raise max_bytes",
                          what, 1e-9 * ((double)room->n_bytes + (double)n_more), 1e-9 * (double)room->max_bytes);
    void *ptr;
    memcpy(&ptr, array_ptr, sizeof ptr); /* array_ptr is a T **; its bytes are a pointer's whatever T is */
    void *fresh = psh__realloc(ptr, *capacity, bigger, item_bytes);
    if (!fresh) return psh__error_memory(err, what, (unsigned long long)bigger * item_bytes);
    memcpy(array_ptr, &fresh, sizeof fresh);
    *capacity = bigger;
    room->n_bytes += n_more;
    return PSH_OK;
}
