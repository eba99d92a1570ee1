/* calibration.h : what Hamming distances stand for: the inside, and the table that pairs of known distance give. */
#ifndef PSH_DISTANCE_CALIBRATION_H
#define PSH_DISTANCE_CALIBRATION_H

#include "persihash/distance.h"

enum { PSH__CALIBRATION_ROWS = PSH_CODE_MAX_BITS + 1, PSH__CALIBRATION_FOLDS = 4 };

struct psh_calibration {
    int n_bits;
    double coverage; /* wanted */
    psh_calibration_report report;
    psh_calibration_step steps[PSH__CALIBRATION_ROWS]; /* (n_bits + 1) */
    psh_meta *about; /* what was measured, and of which codes: order, ground, pool, model_id... */
};

/* Pairs whose distance is known, rising by Hamming distance. Pair k belongs to fold k % PSH__CALIBRATION_FOLDS, so each
 * Hamming distance has its pairs in all folds, as evenly as they go. */
typedef struct psh__measured {
    size_t n_pairs;
    int n_bits;
    const uint16_t *hamming; // (n_pairs)
    const double *distances; // (n_pairs), finite
} psh__measured;

/* psh__calibration_table() :
 * steps : (n_bits + 1), from the pairs whose fold's bit is set in `folds`: at least one. scratch : (2 n_pairs). */
void psh__calibration_table(const psh__measured *measured, unsigned folds, double coverage, double *scratch,
                            psh_calibration_step *steps);

/* psh__calibration_cross() :
 * The report, but for struct_bytes: each fold judged by a table of the others. populations : (n_bits + 1) how many
 * pairs of the set have each Hamming distance. */
void psh__calibration_cross(const psh__measured *measured, const uint64_t *populations, double coverage,
                            double *scratch, psh_calibration_report *report);

#endif
