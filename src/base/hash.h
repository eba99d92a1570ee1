/* hash.h : 64-bit identities of models and frames (FNV-1a). Not cryptographic: they tell things apart, they do not
 * defend. */
#ifndef PSH_BASE_HASH_H
#define PSH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define PSH__HASH_START 0xcbf29ce484222325u
uint64_t psh__hash(uint64_t hash, const void *bytes, size_t n_bytes);
void psh__hash_text(uint64_t hash, char text[17]); /* 16 hexadecimal digits and a zero */

#endif
