/* test_crew.c : threads that share blocks of work (base/crew.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/crew.h"

enum { MOST = 40 };

/* Counts of how often each block was done, and sums that only come right if one run's writes are seen by the next. */
typedef struct counts {
    int done[MOST];
    double values[MOST], last[MOST];
} counts;

static void count(void *user, size_t i_block) {
    counts *c = user;
    c->done[i_block]++;
    c->values[i_block] = c->last[(i_block + 1) % MOST] + (double)i_block;
}

static void every_block_is_done_once_and_seen_by_the_next_run(void **state) {
    for (int n_threads = 1; n_threads <= 5; n_threads += 2) {
        psh__crew *crew;
        counts c = {0};
        double wanted[MOST] = {0};
        assert_int_equal(psh__crew_create(n_threads, &crew, NULL), PSH_OK);
        for (size_t round = 0; round < 500; round++) {
            size_t n_blocks = round % (MOST + 1);
            double before[MOST];
            memcpy(before, wanted, sizeof before);
            memcpy(c.last, c.values, sizeof c.last);
            memset(c.done, 0, sizeof c.done);
            psh__crew_run(crew, count, &c, n_blocks);
            for (size_t i = 0; i < MOST; i++) {
                assert_int_equal(c.done[i], i < n_blocks);
                if (i < n_blocks) wanted[i] = before[(i + 1) % MOST] + (double)i;
                assert_true(c.values[i] == wanted[i]);
            }
        }
        psh__crew_free(crew);
    }
}

static void a_crew_may_go_without_having_worked(void **state) {
    psh__crew *crew = NULL;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(psh__crew_create(4, &crew, NULL), PSH_OK);
        psh__crew_free(crew);
    }
    psh__crew_free(NULL);
}

static void missing_memory_is_told(void **state) {
    psh__crew *crew = NULL;
    psh_error err;
    psh__alloc_fail_at(1);
    assert_int_equal(psh__crew_create(2, &crew, &err), PSH_ERR_MEMORY);
    psh__alloc_fail_at(0);
    assert_null(crew);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_is_done_once_and_seen_by_the_next_run),
        cmocka_unit_test(a_crew_may_go_without_having_worked),
        cmocka_unit_test(missing_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
