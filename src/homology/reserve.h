/* reserve.h : room in a growing array that is a member of working memory, beside its capacity. */
#ifndef PSH_HOMOLOGY_RESERVE_H
#define PSH_HOMOLOGY_RESERVE_H

#include "base/alloc.h"
#include "base/error.h"

/* Room for `need` items in owner->member, or the function returns PSH_ERR_MEMORY; `what` goes into the text. */
#define RESERVE(owner, member, need, what)                                                                             \
    do {                                                                                                               \
        if (!PSH_GROW(&(owner)->member, &(owner)->member##_capacity, (need)))                                          \
            return psh__error_memory(err, what, (unsigned long long)(need) * sizeof *(owner)->member);                 \
    } while (0)

#endif
