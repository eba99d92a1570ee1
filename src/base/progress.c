/* progress.c : a bar with an ETA on a terminal, and its feeding from parallel loops. */
#include "base/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

#define BAR_CELLS 30
#define SECONDS_BETWEEN 0.1

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bool psh_progress_bar(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    psh_progress_state *state = user;
    double now = now_seconds();
    if (state->is_quiet || !isatty(STDERR_FILENO)) return true;
    if (!state->is_open || strcmp(state->what, what) != 0 || n_done < state->last_done) {
        psh_progress_end(state);
        snprintf(state->what, sizeof state->what, "%s", what);
        state->start_seconds = now, state->last_seconds = 0, state->is_open = true;
    }
    state->last_done = n_done;
    if (now - state->last_seconds < SECONDS_BETWEEN && n_done < n_total) return true;
    state->last_seconds = now;

    double share = n_total ? (double)n_done / (double)n_total : 1, spent = now - state->start_seconds;
    double left = share > 0 ? spent * (1 - share) / share : 0;
    if (left > 99 * 60) left = 99 * 60; /* also keeps it an int */
    char bar[BAR_CELLS + 1];
    int n_full = (int)(share * BAR_CELLS);
    memset(bar, ' ', BAR_CELLS), memset(bar, '#', (size_t)n_full), bar[BAR_CELLS] = 0;
    fprintf(stderr, "\r%s [%s] %3.0f %%  %llu/%llu  %d:%02d left \x1b[K", what, bar, 100 * share,
            (unsigned long long)n_done, (unsigned long long)n_total, (int)left / 60, (int)left % 60);
    fflush(stderr);
    return true;
}

void psh_progress_end(psh_progress_state *state) {
    if (state->is_open) fputs("\r\x1b[K", stderr);
    state->is_open = false;
}

void psh__ticker_start(psh__ticker *ticker, const psh_progress *progress, const char *what, uint64_t n_total) {
    *ticker = (psh__ticker){.progress = progress, .what = what, .n_total = n_total};
}

void psh__ticker_add(psh__ticker *ticker, uint64_t n_units) {
    if (!ticker->progress || !ticker->progress->report) return;
#pragma omp critical(psh_ticker)
    {
        ticker->n_done += n_units;
        if (!ticker->stopped &&
            !ticker->progress->report(ticker->progress->user, ticker->what, ticker->n_done, ticker->n_total))
            __atomic_store_n(&ticker->stopped, 1, __ATOMIC_RELAXED);
    }
}

bool psh__ticker_stopped(const psh__ticker *ticker) {
    return __atomic_load_n(&ticker->stopped, __ATOMIC_RELAXED);
}

psh_status psh__ticker_status(const psh__ticker *ticker, psh_error *err) {
    if (!psh__ticker_stopped(ticker)) return PSH_OK;
    return psh__error(err, PSH_ERR_INTERRUPTED, "%s: stopped by the caller after %llu of %llu", ticker->what,
                      (unsigned long long)ticker->n_done, (unsigned long long)ticker->n_total);
}
