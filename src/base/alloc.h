/* alloc.h : the only place where the library asks for memory. */
#ifndef PSH_BASE_ALLOC_H
#define PSH_BASE_ALLOC_H

#include <stddef.h>

/* n_items * item_bytes bytes, aligned to 64 (a cache line, an AVX-512 register); NULL if memory runs out or the product
 * overflows. n_items = 0 gives a valid pointer. psh__calloc() zeroes. Free with psh__free(), which accepts NULL. */
void *psh__malloc(size_t n_items, size_t item_bytes);
void *psh__calloc(size_t n_items, size_t item_bytes);
/* Grows or shrinks; on failure NULL and `ptr` stays valid. The alignment is 64 again. old_items tells how much to keep.
 */
void *psh__realloc(void *ptr, size_t old_items, size_t n_items, size_t item_bytes);
char *psh__strdup(const char *text);
void psh__free(void *ptr);

/* Ensures room for `need` items in a growing array (doubling). 0 on failure, the array unchanged. Used as
 *     if (!PSH_GROW(&items, &capacity, n + 1)) return psh__error_memory(...); */
int psh__grow(void *array_ptr, size_t *capacity, size_t need, size_t item_bytes);
#define PSH_GROW(array_ptr, capacity, need) psh__grow((array_ptr), (capacity), (need), sizeof(**(array_ptr)))

/* Test hook: the n-th allocation from now on (1: the next) fails, and all after it; 0 switches the hook off. The
 * library's results must then be PSH_ERR_MEMORY, nothing leaked, nothing half-written. psh__alloc_count() counts
 * allocations since the hook was last set. Process-wide; for tests alone. */
void psh__alloc_fail_at(unsigned long n);
unsigned long psh__alloc_count(void);

#endif
