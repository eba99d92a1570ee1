/* crew.h : threads that sleep between short pieces of shared work.
 *
 * OpenMP's threads wait for one another by spinning. Work that meets thousands of times a second then stands still as
 * soon as another program wants the CPU: each spins through the other's slice of time (two fits of 256 bits at once,
 * on two CPUs, 134 s; of a crew 38 s, and one alone 24 instead of 21). A crew waits in the kernel, and the caller does
 * the blocks that no helper has come for. */
#ifndef PSH_BASE_CREW_H
#define PSH_BASE_CREW_H

#include <stddef.h>

#include "persihash/base.h"

typedef struct psh__crew psh__crew;

/* psh__crew_create() : n_threads as in psh_cpu_threads(), the caller counted. It fails for lack of memory alone: a
 * helper that the system does not grant is done without. */
psh_status psh__crew_create(int n_threads, psh__crew **dst, psh_error *err);
void psh__crew_free(psh__crew *crew);

/* Does one block of the work. Blocks are taken in rising order, by any thread. */
typedef void psh__crew_work(void *user, size_t i_block);

/* psh__crew_run() : returns when work(user, i) is done for all i < n_blocks. Only the thread that made the crew calls
 * it; what was written before is seen by all, and afterwards by the caller. */
void psh__crew_run(psh__crew *crew, psh__crew_work *work, void *user, size_t n_blocks);

#endif
