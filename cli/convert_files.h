/* convert_files.h : the files that `convert` reads, and those it writes when there is one a diagram. */
#ifndef PSH_CONVERT_FILES_H
#define PSH_CONVERT_FILES_H

#include "cli.h"

/* --- In ----------------------------------------------------------------------------------------------------------- */

/* Paths, with those of folders in byte order in the folder's place. */
typedef struct convert_list {
    char **paths; /* (n_paths), each allocated */
    size_t n_paths, room;
} convert_list;

psh_status convert_list_create(char **arguments, int n_arguments, convert_list *dst, psh_error *err);
void convert_list_free(convert_list *list); /* zeroed struct is fine */

/* All files as one set. One file alone stays as it is, names and metadata too; the diagrams of more get their file's
 * name, without folder and ending, unless they have one. Perseus' files of one diagram (out_0.txt, out_1.txt, next to
 * each other in the list) are put together. *n_essential : how many infinite deaths the policy left out. */
psh_status convert_read(const convert_list *list, const psh_diagram_read_params *params, const psh_progress *progress,
                        psh_diagrams **dst, size_t *n_essential, psh_error *err);

/* --- Out ---------------------------------------------------------------------------------------------------------- */

/* How the files of single diagrams are named. */
typedef struct convert_names {
    const char *path, *ending; /* a folder, or a pattern with %d, %5d or %05d in it */
    size_t start, stop;        /* of the %d in the path; both 0: a folder */
    int n_digits;
    bool has_zeros;
    const psh_diagrams *set;
    bool are_named; /* in a folder: by the diagrams' names, which are distinct as names of files */
} convert_names;

/* Is the path a pattern or a folder (that there is, or that ends with a slash)? Then *is_many is true and dst is
 * filled. format : may be AUTO for patterns, whose ending then tells. */
psh_status convert_names_create(const char *path, psh_diagram_format format, const psh_diagrams *set,
                                convert_names *dst, bool *is_many, psh_error *err);
/* The path of diagram i: PSH_ERR_PARAMETER if it is too long. */
psh_status convert_name(const convert_names *names, size_t i_diagram, char *dst, size_t dst_bytes, psh_error *err);

#endif
