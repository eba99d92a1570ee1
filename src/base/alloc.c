/* alloc.c : aligned memory with overflow checks and a hook that makes the n-th allocation fail. */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

#define ALIGNMENT 64

static atomic_ulong n_allocations;
static atomic_ulong fail_at; /* 0: never */

void psh__alloc_fail_at(unsigned long n) {
    atomic_store(&n_allocations, 0);
    atomic_store(&fail_at, n);
}

unsigned long psh__alloc_count(void) {
    return atomic_load(&n_allocations);
}

static void *allocate(size_t n_bytes) {
    unsigned long i_allocation = atomic_fetch_add(&n_allocations, 1) + 1, limit = atomic_load(&fail_at);
    if (limit && i_allocation >= limit) return NULL;
    size_t rounded;
    if (!psh__size_add(n_bytes ? n_bytes : 1, ALIGNMENT - 1, &rounded)) return NULL;
    return aligned_alloc(ALIGNMENT, rounded / ALIGNMENT * ALIGNMENT);
}

void *psh__malloc(size_t n_items, size_t item_bytes) {
    size_t n_bytes;
    return psh__size_mul(n_items, item_bytes, &n_bytes) ? allocate(n_bytes) : NULL;
}

void *psh__calloc(size_t n_items, size_t item_bytes) {
    void *ptr = psh__malloc(n_items, item_bytes);
    return ptr ? memset(ptr, 0, n_items * item_bytes) : NULL;
}

void *psh__realloc(void *ptr, size_t old_items, size_t n_items, size_t item_bytes) {
    void *fresh = psh__malloc(n_items, item_bytes);
    if (!fresh) return NULL;
    size_t n_kept = old_items < n_items ? old_items : n_items;
    if (ptr && n_kept) memcpy(fresh, ptr, n_kept * item_bytes);
    psh__free(ptr);
    return fresh;
}

char *psh__strdup(const char *text) {
    size_t n_bytes = strlen(text) + 1;
    char *copy = psh__malloc(n_bytes, 1);
    return copy ? memcpy(copy, text, n_bytes) : NULL;
}

void psh__free(void *ptr) {
    free(ptr);
}

int psh__grow(void *array_ptr, size_t *capacity, size_t need, size_t item_bytes) {
    if (need <= *capacity) return 1;
    size_t bigger = *capacity < 8 ? 8 : *capacity;
    while (bigger < need)
        if (!psh__size_mul(bigger, 2, &bigger)) return 0;
    void *ptr;
    memcpy(&ptr, array_ptr, sizeof ptr); /* array_ptr is a T **; its bytes are a pointer's whatever T is */
    void *fresh = psh__realloc(ptr, *capacity, bigger, item_bytes);
    if (!fresh) return 0;
    memcpy(array_ptr, &fresh, sizeof fresh);
    *capacity = bigger;
    return 1;
}
