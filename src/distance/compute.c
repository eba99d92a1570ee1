/* compute.c : distances of all pairs, straight into a file, by tiles, on all threads, and on again after a kill.
 *
 * tiles.c cuts the matrix, a source predicts and computes (source.h), work_file.c holds what is done, journal.c says
 * what that is. The bits of an element depend on its two items alone: not on threads, on tiles, or on which run did it.
 */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "distance/distances.h"
#include "distance/journal.h"
#include "distance/source.h"
#include "distance/work_file.h"

#define TILE_SECONDS 0.02

typedef struct job {
    const psh__source *source;
    psh_distances_params params;
    const psh_meta *meta;
    const char *path;
    psh_distance_dtype dtype;
    size_t shape[2], n_axes;
    uint64_t tile_cost;
    psh__tiles tiles;
    psh__work_file work;
    psh__partial *journal;        /* NULL: not resumable */
    psh__journal_record *records; /* (n_tiles) */
    psh_distances_stats stats;
} job;

/* --- what is asked for ------------------------------------------------------------------------------------------ */

static psh_status check(job *of, psh_error *err) {
    bool is_stdout = !strcmp(of->path, "-");
    double seconds = of->params.tile_seconds;
    if (!(seconds >= 0 && seconds <= 1e6))
        return psh__error(err, PSH_ERR_PARAMETER, "tile_seconds = %g: expected 0 to 1e6", seconds);
    of->tile_cost = (uint64_t)((seconds > 0 ? seconds : TILE_SECONDS) * 1e9);
    if (!of->source->grid.is_condensed && of->params.is_square)
        return psh__error(err, PSH_ERR_PARAMETER, "two sets give an (N, M) array already; leave out square");
    if (of->params.is_resumable && is_stdout)
        return psh__error(err, PSH_ERR_PARAMETER, "standard output cannot be resumed; give a file");
    return of->params.is_resumable || is_stdout ? PSH_OK : psh__partial_refuse(of->path, err);
}

uint64_t psh__hash_set(uint64_t hash, const psh_diagrams *set) {
    size_t n = psh_diagrams_count(set), n_points = psh_diagrams_n_points(set);
    hash = psh__hash(hash, &n, sizeof n);
    hash = psh__hash(hash, psh_diagrams_offsets(set), (n + 1) * sizeof(uint64_t));
    hash = psh__hash(hash, psh_diagrams_dims(set), n_points * sizeof(int32_t));
    return psh__hash(hash, psh_diagrams_points(set), 2 * n_points * sizeof(double));
}

/* Another version of the library may compute other bits or cut other tiles. */
static psh__identity identify(const job *of) {
    const uint64_t words[] = {of->source->options, (uint64_t)of->dtype};
    uint64_t hash = psh__hash(PSH__HASH_START, PSH_VERSION_STRING, sizeof PSH_VERSION_STRING);
    hash = psh__hash(hash, words, sizeof words);
    for (size_t t = 0; t <= of->tiles.n_tiles; t++) hash = psh__hash(hash, &of->tiles.tiles[t].first, sizeof(size_t));
    return (psh__identity){.inputs = of->source->hash_inputs(of->source->plan), .options = hash};
}

/* --- what is there ---------------------------------------------------------------------------------------------- */

static void *tile_buffer(const job *of) {
    return psh__malloc(of->tiles.max_elements, sizeof(double));
}

/* A tile counts only if its bytes are those that were written. */
static psh_status check_done(job *of, psh_error *err) {
    void *buffer = tile_buffer(of);
    psh_status status = buffer ? PSH_OK : psh__error_memory(err, "a tile", of->tiles.max_elements * sizeof(double));
    for (size_t t = 0; t < of->tiles.n_tiles && status == PSH_OK; t++) {
        psh__journal_record *record = &of->records[t];
        size_t n = psh__tile_count(&of->tiles, t);
        if (!record->check) continue;
        status = psh__work_file_read(&of->work, of->tiles.tiles[t].first, n, buffer, err);
        if (status != PSH_OK) break;
        if (psh__hash(PSH__HASH_START, buffer, n * of->work.item_bytes) != record->checksum) {
            *record = (psh__journal_record){0};
            continue;
        }
        of->stats.n_tiles_resumed++;
        of->stats.max_gap = fmax(of->stats.max_gap, record->gap);
    }
    psh__free(buffer);
    return status;
}

/* The journal comes first: its lock and its identity guard the partial file. */
static psh_status open_files(job *of, psh_error *err) {
    psh_status status;
    of->records = psh__calloc(of->tiles.n_tiles, sizeof *of->records);
    if (!of->records) return psh__error_memory(err, "tiles", of->tiles.n_tiles * sizeof *of->records);
    if (of->params.is_resumable) {
        char *path = psh__path_with(of->path, ".partial.journal");
        if (!path) return psh__error_memory(err, "a path", strlen(of->path));
        status = psh__journal_open(path, identify(of), of->tiles.n_tiles, &of->journal, of->records, err);
        psh__free(path);
        PSH_TRY(status);
    }
    PSH_TRY(psh__work_file_open(of->path, of->params.is_resumable, of->dtype, of->shape, of->n_axes, &of->work, err));
    if (!of->journal) return PSH_OK;
    if (!of->work.is_fresh) return check_done(of, err);
    memset(of->records, 0, of->tiles.n_tiles * sizeof *of->records);
    return psh__partial_restart(of->journal, err);
}

/* --- work ------------------------------------------------------------------------------------------------------- */

/* One thread's own. */
typedef struct hand {
    void *of_source;
    double *buffer;
} hand;

/* In place: float k ends before double k + 1 starts. */
static void narrow(double *buffer, size_t n) {
    for (size_t k = 0; k < n; k++) {
        float value = (float)buffer[k];
        memcpy((char *)buffer + k * sizeof value, &value, sizeof value);
    }
}

static psh_status compute_tile(const job *of, hand *by, size_t t, double *gap, psh_error *err) {
    const psh__source *source = of->source;
    size_t i = of->tiles.tiles[t].row, j = of->tiles.tiles[t].column, n = psh__tile_count(&of->tiles, t);
    if (!source->element) return source->rows(by->of_source, i, of->tiles.tiles[t + 1].row, by->buffer, err);
    for (size_t k = 0; k < n; k++) {
        double its_gap = 0;
        PSH_TRY(source->element(by->of_source, i, j, &by->buffer[k], &its_gap, err));
        *gap = fmax(*gap, its_gap);
        psh__grid_next(&of->tiles.grid, &i, &j);
    }
    if (of->dtype == PSH_DISTANCE_F32) narrow(by->buffer, n);
    return PSH_OK;
}

/* The bytes first, then the word that they are there. */
static psh_status run_tile(job *of, hand *by, size_t t, psh_error *err) {
    size_t n = psh__tile_count(&of->tiles, t);
    psh__journal_record *record = &of->records[t];
    psh_status status = PSH_OK;
    record->tile = t;
    PSH_TRY(compute_tile(of, by, t, &record->gap, err));
    PSH_TRY(psh__work_file_write(&of->work, of->tiles.tiles[t].first, n, by->buffer, err));
    record->checksum = of->journal ? psh__hash(PSH__HASH_START, by->buffer, n * of->work.item_bytes) : 0;
#pragma omp critical(psh_distances)
    {
        if (of->journal)
            status = psh__journal_add(of->journal, record, err);
        else
            record->check = 1;
        of->stats.max_gap = fmax(of->stats.max_gap, record->gap);
    }
    return status;
}

/* Microseconds, so that a bar has numbers that a human may read; at least one a tile. */
static uint64_t work_of(const job *of, size_t t) {
    return of->tiles.tiles[t].cost / 1000 + 1;
}

static psh_status run_tiles(job *of, hand *hands, int n_hands, const psh_progress *progress, psh_error *err) {
    psh_status status = PSH_OK;
    psh__ticker ticker;
    uint64_t n_work = 0;
    int has_failed = 0;
    for (size_t t = 0; t < of->tiles.n_tiles; t++) n_work += of->records[t].check ? 0 : work_of(of, t);
    psh__ticker_start(&ticker, progress, of->source->what, n_work);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_hands)
    for (size_t k = 0; k < of->tiles.n_tiles; k++) {
        size_t t = of->tiles.order[k];
        psh_error fault;
        if (of->records[t].check || psh__ticker_stopped(&ticker) || __atomic_load_n(&has_failed, __ATOMIC_RELAXED))
            continue;
        psh_status tile_status = run_tile(of, &hands[omp_get_thread_num()], t, &fault);
        if (tile_status == PSH_OK) {
            psh__ticker_add(&ticker, work_of(of, t));
            continue;
        }
#pragma omp critical(psh_distances)
        if (!has_failed) {
            if (err) *err = fault;
            status = tile_status;
            __atomic_store_n(&has_failed, 1, __ATOMIC_RELAXED);
        }
    }
    return has_failed ? status : psh__ticker_status(&ticker, err);
}

static psh_status compute(job *of, const psh_progress *progress, psh_error *err) {
    int n_hands = psh_cpu_threads(of->params.n_threads);
    if ((size_t)n_hands > of->tiles.n_tiles) n_hands = of->tiles.n_tiles ? (int)of->tiles.n_tiles : 1;
    psh_status status = PSH_OK;
    hand *hands = psh__calloc((size_t)n_hands, sizeof *hands);
    if (!hands) return psh__error_memory(err, "threads", (unsigned long long)n_hands * sizeof *hands);
    for (int h = 0; h < n_hands; h++) {
        hands[h].of_source = (void *)of->source->plan; /* read only */
        if (of->source->hand_create) {
            hands[h].of_source = NULL;
            PSH_TRY_GOTO(of->source->hand_create(of->source->plan, &hands[h].of_source, err));
        }
        hands[h].buffer = tile_buffer(of);
        if (!hands[h].buffer) {
            status = psh__error_memory(err, "a tile", of->tiles.max_elements * sizeof(double));
            goto done;
        }
    }
    status = run_tiles(of, hands, n_hands, progress, err);
done:
    for (int h = 0; h < n_hands; h++) {
        if (of->source->hand_free) of->source->hand_free(hands[h].of_source);
        psh__free(hands[h].buffer);
    }
    psh__free(hands);
    return status;
}

/* --- the end ---------------------------------------------------------------------------------------------------- */

/* What cannot simply be renamed is written from the work file, which is mapped, not read. */
static psh_status write_from_map(job *of, psh_error *err) {
    void *map;
    const void *elements;
    psh_status status;
    PSH_TRY(psh__work_file_map(&of->work, &map, &elements, err));
    if (!of->source->grid.is_condensed) {
        status = psh_distances_write_cross(of->dtype, elements, of->shape[0], of->shape[1], of->meta, of->path, err);
    } else {
        const psh_distances view = {.dtype = of->dtype,
                                    .n_items = of->source->grid.n_rows,
                                    .n_pairs = of->tiles.n_elements,
                                    .data = elements,
                                    .meta = (psh_meta *)of->meta}; /* read only */
        status = psh_distances_write(&view, of->path, of->params.is_square, err);
    }
    psh__work_file_unmap(&of->work, map);
    return status;
}

static psh_status finish(job *of, psh_error *err) {
    if (of->params.is_square || !strcmp(of->path, "-")) return write_from_map(of, err);
    return psh__distances_commit(&of->work.file, of->meta, of->path, err);
}

static size_t count_done(const job *of) {
    size_t n_done = 0;
    for (size_t t = 0; of->records && t < of->tiles.n_tiles; t++) n_done += of->records[t].check != 0;
    return n_done;
}

/* What is done stays if it may be continued. */
static psh_status close_files(job *of, psh_status status, psh_error *err) {
    size_t n_done = count_done(of);
    bool is_kept = of->journal && status != PSH_OK && n_done > 0;
    if (is_kept && status == PSH_ERR_INTERRUPTED)
        psh__error(err, status,
                   "stopped by the caller; %zu of %zu tiles are kept in %s.partial: the same again goes on", n_done,
                   of->tiles.n_tiles, of->path);
    psh__work_file_close(&of->work, is_kept);
    psh__partial_close(of->journal, !is_kept);
    return status;
}

static psh_status cut(job *of, psh_error *err) {
    const psh__source *source = of->source;
    if (source->element)
        return psh__tiles_cut(source->cost, source->plan, &source->grid, of->tile_cost, &of->tiles, err);
    return psh__tiles_cut_rows(source->picoseconds, &source->grid, &of->tiles, err);
}

static psh_status run(job *of, const psh_progress *progress, psh_error *err) {
    const psh__grid *grid = &of->source->grid;
    PSH_TRY(check(of, err));
    PSH_TRY(cut(of, err));
    of->n_axes = grid->is_condensed ? 1 : 2;
    of->shape[0] = grid->is_condensed ? of->tiles.n_elements : grid->n_rows, of->shape[1] = grid->n_columns;
    of->stats.n_pairs = of->tiles.n_elements, of->stats.n_tiles = of->tiles.n_tiles;
    psh_status status = open_files(of, err);
    if (status == PSH_OK) status = compute(of, progress, err);
    if (status == PSH_OK) status = finish(of, err);
    return close_files(of, status, err);
}

psh_status psh__distances_compute(const psh__source *source, const psh_distances_params *params, const psh_meta *meta,
                                  const char *path, const psh_progress *progress, psh_distances_stats *stats,
                                  psh_error *err) {
    job of = {.source = source, .params = *params, .meta = meta, .path = path};
    of.dtype = params->is_f32 ? PSH_DISTANCE_F32 : PSH_DISTANCE_F64;
    psh_status status = run(&of, progress, err);
    if (stats) *stats = of.stats;
    psh__free(of.records);
    psh__tiles_free(&of.tiles);
    return status;
}
