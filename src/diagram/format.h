/* format.h : the file formats of diagram sets, one format_<name>.c each, behind the dispatcher in format.c.
 *
 * Readers fill a new set; infinite deaths stay (the dispatcher applies the policy), every other invariant is checked,
 * with the place in the text. */
#ifndef PSH_DIAGRAM_FORMAT_H
#define PSH_DIAGRAM_FORMAT_H

#include "base/file.h"
#include "diagram/set.h"

psh_status psh__diagrams_read_npz(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_csv(const char *path, const psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_pers(const char *path, const psh__bytes *bytes, psh_diagrams *set, psh_error *err);

psh_status psh__diagrams_write_npz(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_csv(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_pers(const psh_diagrams *set, const char *path, psh_error *err);

/* How label names go into a CSV file, whose label column is one word a diagram. */
typedef enum psh__csv_labels {
    PSH__CSV_LABELS_INTEGERS,    /* there are no names, or none that would be read back as names */
    PSH__CSV_LABELS_NAMES,       /* names; the classes come back as they are */
    PSH__CSV_LABELS_NAMES_SORTED /* names; the classes come back renumbered, in byte order, unused ones gone */
} psh__csv_labels;
psh_status psh__csv_labels_choose(const psh_diagrams *set, psh__csv_labels *dst, psh_error *err);

#endif
