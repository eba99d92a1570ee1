/* format.h : the file formats of items: one row each in the table of format.c.
 *
 * A new format is a file <name>.c with the functions that its row names (declared in readers.h), and the row. The
 * dispatcher (source.c, input.c) does the rest: it inflates gzip files, keeps files of several items open, names the
 * file in front of error texts, turns meshes into clouds and thins them, scales and smooths images, and refuses kinds
 * and fields that the row does not have. */
#ifndef PSH_INPUT_FORMAT_H
#define PSH_INPUT_FORMAT_H

#include "input/content.h"
#include "persihash/input.h"

/* A file's start, as recognisers see it. */
typedef struct psh__head {
    const uint8_t *bytes; /* (n_bytes) */
    size_t n_bytes;       /* all of the file, or PSH__HEAD_BYTES and more */
    bool is_text;         /* no byte in it that text does not have */
    psh_item_kind kind;   /* what the caller takes arrays for */
} psh__head;

/* A file in memory, and what its format made of it. */
typedef struct psh__loaded {
    psh__content content;           /* its bytes; open() may take them over, and then zeroes this */
    const psh_input_params *params; /* kind, is_volume, field: what the caller wants */
    size_t n_items;                 /* 1 unless open() says otherwise */
    bool is_indexed;                /* items are named path[i] */
    bool is_foreign;                /* open() failed on something that is no item (labels, diagrams): passed over in
                                       folders */
    char **labels;                  /* (n_items) names of the items' classes in one psh__malloc'ed block, or NULL */
    void *state;                    /* what open() made for read() and close() */
} psh__loaded;

#define PSH__KIND(name) (1u << PSH_ITEM_##name)
#define PSH__KINDS_ALL (PSH__KIND(IMAGE) | PSH__KIND(CLOUD) | PSH__KIND(MATRIX) | PSH__KIND(MESH))

typedef struct psh__format {
    const char *name;    /* for error texts: "PNG" */
    const char *endings; /* of names, " .tif .tiff": a file that is named so and is not so is a fault, in folders too */
    unsigned kinds;      /* what its files can be read as: PSH__KIND() | ... A format that holds meshes has CLOUD too */
    bool is_text;        /* open() and read() are called under the C locale: base/text.h */
    bool has_fields;     /* psh_input_params.field means something */
    bool is_vague;       /* numbers without a signature: in folders only if a cloud or matrix is asked for, or the name
                            ends so */
    /* By the first bytes. */
    bool (*recognise)(const psh__head *head);
    /* Do the first bytes say that there is one item? Then open() waits until it is read, and a gzip file is inflated
     * once. NULL: no, unless there is no open(). */
    bool (*is_single)(const psh__head *head);
    /* Counts the items: n_items, is_indexed, labels, state. NULL: always one, and nothing to prepare. Errors as in
     * readers.h; then nothing may be left to free but `content` and `labels`. */
    psh_status (*open)(psh__loaded *file, psh_error *err);
    /* dst is zeroed; sets the kind and one of the pointers, on failure none. Threads: several at once. */
    psh_status (*read)(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err);
    void (*close)(psh__loaded *file); /* frees `state`; NULL where there is none */
} psh__format;

psh__head psh__head_of(const uint8_t *bytes, size_t n_bytes, psh_item_kind kind);
/* The format of a file; NULL: none that is known. */
const psh__format *psh__format_find(const psh__head *head);
/* The names of all formats, "PNG, JPEG, ... or a text table". */
#define PSH__FORMAT_LIST_BYTES 256
void psh__format_list(char dst[PSH__FORMAT_LIST_BYTES]);
/* What a file of unknown format looks like, for an error text: "plain text", "a GIF image". Static storage. */
const char *psh__format_guess(const psh__head *head);
/* Does the name end like that of any format ("a.png", "b.JPG", "c.idx3-ubyte.gz")? Of this one? */
bool psh__format_is_name(const char *path);
bool psh__format_is_name_of(const psh__format *format, const char *path);

/* "an image", "a point cloud", ... */
const char *psh__kind_text(psh_item_kind kind);

#endif
