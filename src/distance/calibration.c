/* calibration.c : a finished calibration: looked up, applied, written into metadata and read from there. */
#include "distance/calibration.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

void psh_calibration_free(psh_calibration *calibration) {
    if (!calibration) return;
    psh_meta_free(calibration->about);
    psh__free(calibration);
}

int psh_calibration_n_bits(const psh_calibration *calibration) {
    return calibration->n_bits;
}

psh_calibration_step psh_calibration_at(const psh_calibration *calibration, int hamming) {
    assert(hamming >= 0 && hamming <= calibration->n_bits);
    return calibration->steps[hamming];
}

void psh_calibration_judge(const psh_calibration *calibration, psh_calibration_report *report) {
    size_t n_bytes = report->struct_bytes, n_ours = sizeof *report, n_first = sizeof report->struct_bytes;
    n_bytes = n_bytes < n_ours ? n_bytes : n_ours;
    if (n_bytes > n_first)
        memcpy((char *)report + n_first, (const char *)&calibration->report + n_first, n_bytes - n_first);
}

static bool are_same(const psh_calibration *calibration, const char *key, const char *id) {
    const char *ours = psh_meta_text(calibration->about, key);
    return ours && strcmp(ours, id) == 0;
}

psh_status psh_calibration_check(const psh_calibration *calibration, const psh_codes *codes, psh_error *err) {
    if (calibration->n_bits == psh_codes_n_bits(codes) &&
        are_same(calibration, "model_id", psh_codes_model_id(codes)) &&
        are_same(calibration, "frame_id", psh_codes_frame_id(codes)))
        return PSH_OK;
    const char *model = psh_meta_text(calibration->about, "model_id");
    return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                      "a calibration of %d-bit codes of model %.32s does not hold for codes of %d bits of model %.32s "
                      "(or their frames differ); calibrate these codes with their own diagrams",
                      calibration->n_bits, model ? model : "?", psh_codes_n_bits(codes), psh_codes_model_id(codes));
}

void psh_calibration_apply(const psh_calibration *calibration, const uint16_t *hamming, size_t n_values,
                           float *estimate, float *low, float *high) {
    for (size_t k = 0; k < n_values; k++) {
        assert(hamming[k] <= calibration->n_bits);
        const psh_calibration_step *step = &calibration->steps[hamming[k]];
        if (estimate) estimate[k] = (float)step->estimate;
        if (low) low[k] = (float)step->low;
        if (high) high[k] = (float)step->high;
    }
}

/* --- Metadata ----------------------------------------------------------------------------------------------------- */

/* The columns of the table, and where they stand in a step. */
static const struct column {
    const char *name;
    size_t offset;
} columns[] = {{"estimate", offsetof(psh_calibration_step, estimate)},
               {"low", offsetof(psh_calibration_step, low)},
               {"high", offsetof(psh_calibration_step, high)}};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

/* The figures of the report; those that are unknown (NaN) are left out. */
static const struct column figures[] = {{"coverage_held_out", offsetof(psh_calibration_report, coverage)},
                                        {"coverage_near", offsetof(psh_calibration_report, coverage_near)},
                                        {"mean_error", offsetof(psh_calibration_report, mean_error)},
                                        {"mean_error_near", offsetof(psh_calibration_report, mean_error_near)},
                                        {"mean_width", offsetof(psh_calibration_report, mean_width)},
                                        {"mean_width_near", offsetof(psh_calibration_report, mean_width_near)}};
enum { N_FIGURES = sizeof figures / sizeof *figures };

static double *member(void *object, const struct column *column) {
    return (double *)(void *)((char *)object + column->offset);
}

static psh_status record_table(const psh_calibration *c, psh_meta *table) {
    double values[PSH__CALIBRATION_ROWS] = {0};
    size_t n_rows = (size_t)c->n_bits + 1;
    psh_status status;
    for (size_t h = 0; h < n_rows; h++) values[h] = (double)h;
    status = psh_meta_set_numbers(table, "hamming", values, n_rows);
    for (size_t i = 0; status == PSH_OK && i < N_COLUMNS; i++) {
        for (size_t h = 0; h < n_rows; h++) {
            psh_calibration_step step = c->steps[h];
            values[h] = *member(&step, &columns[i]);
        }
        status = psh_meta_set_numbers(table, columns[i].name, values, n_rows);
    }
    for (size_t h = 0; h < n_rows; h++) values[h] = (double)c->steps[h].n_pairs;
    return status == PSH_OK ? psh_meta_set_numbers(table, "n", values, n_rows) : status;
}

psh_status psh_calibration_record(const psh_calibration *c, psh_meta *meta, psh_error *err) {
    psh_meta *object = NULL, *table = NULL;
    psh_calibration_report report = c->report;
    psh_status status;
    PSH_TRY_GOTO(psh_meta_copy(c->about, &object, err));
    PSH_TRY_GOTO(psh_meta_create(&table, err));
    PSH_TRY_GOTO(psh_meta_set_integer(object, "n_bits", c->n_bits));
    PSH_TRY_GOTO(psh_meta_set_number(object, "coverage", c->coverage));
    PSH_TRY_GOTO(psh_meta_set_integer(object, "n_pairs", (int64_t)report.n_pairs));
    for (size_t i = 0; i < N_FIGURES; i++)
        if (!isnan(*member(&report, &figures[i])))
            PSH_TRY_GOTO(psh_meta_set_number(object, figures[i].name, *member(&report, &figures[i])));
    PSH_TRY_GOTO(record_table(c, table));
    PSH_TRY_GOTO(psh_meta_set_object(object, "table", table));
    status = psh_meta_set_object(meta, "calibration", object);
done:
    psh_meta_free(table);
    psh_meta_free(object);
    return status == PSH_OK ? PSH_OK : psh__error_memory(err, "metadata", sizeof c->steps);
}

/* One column of n_bits + 1 numbers from 0 up. */
static psh_status recall_column(const psh_meta *table, const char *name, int n_bits, double *values, psh_error *err) {
    size_t n = psh_meta_numbers(table, name, values, (size_t)n_bits + 1);
    if (n != (size_t)n_bits + 1)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "the calibration's column \"%s\" has %zu numbers; expected %d, one for each Hamming distance",
                          name, n, n_bits + 1);
    for (size_t h = 0; h < n; h++)
        if (!(values[h] >= 0 && values[h] < 1e300))
            return psh__error(err, PSH_ERR_CORRUPT,
                              "the calibration's column \"%s\" has %g at %zu; expected a number from 0 up", name,
                              values[h], h);
    return PSH_OK;
}

static psh_status recall_table(const psh_meta *table, psh_calibration *c, psh_error *err) {
    double values[PSH__CALIBRATION_ROWS];
    for (size_t i = 0; i < N_COLUMNS; i++) {
        PSH_TRY(recall_column(table, columns[i].name, c->n_bits, values, err));
        for (int h = 0; h <= c->n_bits; h++) *member(&c->steps[h], &columns[i]) = values[h];
    }
    PSH_TRY(recall_column(table, "n", c->n_bits, values, err));
    for (int h = 0; h <= c->n_bits; h++) c->steps[h].n_pairs = values[h] < 0x1p53 ? (size_t)values[h] : 0;
    for (int h = 0; h <= c->n_bits; h++) {
        const psh_calibration_step *step = &c->steps[h];
        bool rises =
            h == 0 || (step->estimate >= step[-1].estimate && step->low >= step[-1].low && step->high >= step[-1].high);
        if (!rises || step->low > step->estimate || step->estimate > step->high)
            return psh__error(err, PSH_ERR_CORRUPT,
                              "the calibration has %g in [%g, %g] at Hamming distance %d; expected an estimate in its "
                              "interval, all three rising",
                              step->estimate, step->low, step->high, h);
    }
    return PSH_OK;
}

psh_status psh_calibration_recall(const psh_meta *meta, psh_calibration **dst, psh_error *err) {
    psh_meta *object = NULL, *table = NULL;
    psh_calibration *made = NULL;
    psh_status status;
    PSH_TRY_GOTO(psh_meta_object(meta, "calibration", &object, err));
    if (object) PSH_TRY_GOTO(psh_meta_object(object, "table", &table, err));
    if (!table) {
        status = psh__error(err, PSH_ERR_FORMAT,
                            "no calibration; expected the metadata that distance --calibrate writes beside its result");
        goto done;
    }
    made = psh__calloc(1, sizeof *made);
    if (!made) {
        status = psh__error_memory(err, "a calibration", sizeof *made);
        goto done;
    }
    double n_bits = psh_meta_number(object, "n_bits", 0);
    if (!(n_bits >= 1 && n_bits <= PSH_CODE_MAX_BITS)) {
        status = psh__error(err, PSH_ERR_CORRUPT, "a calibration of codes of %g bits; expected 1 to %d", n_bits,
                            PSH_CODE_MAX_BITS);
        goto done;
    }
    made->n_bits = (int)n_bits;
    made->coverage = psh_meta_number(object, "coverage", NAN);
    double n_pairs = psh_meta_number(object, "n_pairs", 0);
    made->report.n_pairs = n_pairs >= 0 && n_pairs < 0x1p53 ? (size_t)n_pairs : 0;
    for (size_t i = 0; i < N_FIGURES; i++)
        *member(&made->report, &figures[i]) = psh_meta_number(object, figures[i].name, NAN);
    PSH_TRY_GOTO(recall_table(table, made, err));
    made->about = object; /* with more in it than was put there: it is all written again, and replaced */
    object = NULL;
    *dst = made;
    made = NULL;
done:
    psh_calibration_free(made);
    psh_meta_free(table);
    psh_meta_free(object);
    return status;
}
