/* format.h : the file formats of diagram sets, one format_<name>.c each, behind the table in format.c.
 *
 * A new format is a number in psh_diagram_format, the functions here that it has, and one row of the table. Readers
 * fill a new set; infinite deaths stay (the dispatcher applies the policy), every other invariant is checked, with the
 * place in the text. Readers and writers of text run under the C locale: see is_text in the table. */
#ifndef PSH_DIAGRAM_FORMAT_H
#define PSH_DIAGRAM_FORMAT_H

#include "base/file.h"
#include "diagram/set.h"

/* A reader may take `bytes` over (then it leaves them zeroed), as that of .npz does. */
psh_status psh__diagrams_read_npz(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_csv(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_pers(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_vtu(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_dipha(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);

psh_status psh__diagrams_read_ripser(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_giotto(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_npy(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_cripser(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
psh_status psh__diagrams_read_perseus(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);

psh_status psh__diagrams_write_npz(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_csv(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_pers(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_vtu(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_dipha(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_giotto(const psh_diagrams *set, const char *path, psh_error *err);
psh_status psh__diagrams_write_npy(const psh_diagrams *set, const char *path, psh_error *err);

/* --- What a file is, where its first bytes do not tell alone ------------------------------------------------------ */

/* line : the first line of text that is neither empty nor a comment, without its end; NULL if there is none. */
bool psh__is_ripser(const char *line, size_t n_chars);
bool psh__is_cripser(const psh__bytes *bytes, const char *line, size_t n_chars);

/* *format AUTO becomes that of the path's ending. Errors: those of psh_diagrams_write() that can be known before there
 * is a set of n_diagrams. */
psh_status psh__diagrams_format_for_writing(const char *path, size_t n_diagrams, psh_diagram_format *format,
                                            psh_error *err);

/* --- What a format cannot hold ------------------------------------------------------------------------------------ */

/* A list of words, ", " between them, cut to the room there is. */
typedef struct psh__lost {
    char *text; /* may be NULL: nobody asks */
    size_t room, n_chars;
} psh__lost;
void psh__lost_add(psh__lost *lost, const char *word);

/* What a CSV file loses of the numbering and the names of classes, beyond what the table says. */
psh_status psh__csv_lost(const psh_diagrams *set, psh__lost *lost, psh_error *err);
psh_status psh__giotto_lost(const psh_diagrams *set, psh__lost *lost, psh_error *err);

#endif
