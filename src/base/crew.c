/* crew.c : one lock guards all that threads share; a block is long beside taking it. */
#include "base/crew.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/error.h"

struct psh__crew {
    pthread_mutex_t lock;
    pthread_cond_t has_work, is_done;
    psh__crew_work *work;
    void *user;
    size_t n_blocks, next, n_open; /* blocks: of the work, not yet taken, not yet done */
    bool is_over;
    size_t n_helpers;
    pthread_t helpers[];
};

/* Takes blocks as long as there are any. Called, and returns, with the lock. */
static void take_blocks(psh__crew *crew) {
    while (crew->next < crew->n_blocks) {
        size_t block = crew->next++;
        pthread_mutex_unlock(&crew->lock);
        crew->work(crew->user, block);
        pthread_mutex_lock(&crew->lock);
        if (--crew->n_open == 0) pthread_cond_signal(&crew->is_done);
    }
}

static void *help(void *user) {
    psh__crew *crew = user;
    pthread_mutex_lock(&crew->lock);
    while (!crew->is_over) {
        take_blocks(crew);
        if (!crew->is_over) pthread_cond_wait(&crew->has_work, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

psh_status psh__crew_create(int n_threads, psh__crew **dst, psh_error *err) {
    size_t n_wanted = (size_t)psh_cpu_threads(n_threads) - 1;
    psh__crew *crew = psh__calloc(1, sizeof *crew + n_wanted * sizeof *crew->helpers);
    if (!crew) return psh__error_memory(err, "threads", n_wanted * sizeof *crew->helpers);
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->has_work, NULL);
    pthread_cond_init(&crew->is_done, NULL);
    while (crew->n_helpers < n_wanted && pthread_create(&crew->helpers[crew->n_helpers], NULL, help, crew) == 0)
        crew->n_helpers++;
    *dst = crew;
    return PSH_OK;
}

void psh__crew_free(psh__crew *crew) {
    if (!crew) return;
    pthread_mutex_lock(&crew->lock);
    crew->is_over = true;
    pthread_cond_broadcast(&crew->has_work);
    pthread_mutex_unlock(&crew->lock);
    for (size_t i = 0; i < crew->n_helpers; i++) pthread_join(crew->helpers[i], NULL);
    pthread_cond_destroy(&crew->is_done);
    pthread_cond_destroy(&crew->has_work);
    pthread_mutex_destroy(&crew->lock);
    psh__free(crew);
}

void psh__crew_run(psh__crew *crew, psh__crew_work *work, void *user, size_t n_blocks) {
    pthread_mutex_lock(&crew->lock);
    crew->work = work, crew->user = user;
    crew->n_blocks = crew->n_open = n_blocks, crew->next = 0;
    if (n_blocks > 1) pthread_cond_broadcast(&crew->has_work);
    take_blocks(crew);
    while (crew->n_open > 0) pthread_cond_wait(&crew->is_done, &crew->lock);
    crew->n_blocks = crew->next = 0;
    pthread_mutex_unlock(&crew->lock);
}
