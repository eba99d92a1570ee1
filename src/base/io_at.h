/* io_at.h : all of some bytes at an offset of an open file, whatever interrupts. */
#ifndef PSH_BASE_IO_AT_H
#define PSH_BASE_IO_AT_H

#include <stdbool.h>
#include <stddef.h>

/* false: see errno. */
bool psh__write_at(int descriptor, const void *src, size_t n_bytes, size_t offset);
/* *n_read is less than n_bytes only at the end of the file. false: see errno. */
bool psh__read_at(int descriptor, void *dst, size_t n_bytes, size_t offset, size_t *n_read);

#endif
