/* clock.h : seconds. */
#ifndef PSH_BASE_CLOCK_H
#define PSH_BASE_CLOCK_H

#include <time.h>

static inline double psh__clock_seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Of a clock that never goes back; of this thread's work. The second asks the kernel: about half a microsecond. */
static inline double psh__wall_seconds(void) {
    return psh__clock_seconds(CLOCK_MONOTONIC);
}
static inline double psh__cpu_seconds(void) {
    return psh__clock_seconds(CLOCK_THREAD_CPUTIME_ID);
}

#endif
