/* format.c : what a file is, told from its first bytes, and how it is read: one table, a row a format.
 *
 * The order of rows is the order of questions: formats with a signature first, then text that is told by its first
 * words, last numbers without any. */
#include "input/format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "input/readers.h"

/* --- the table ---------------------------------------------------------------------------------------------------- */

static bool starts_with(const psh__head *head, const char *magic, size_t n_bytes) {
    return head->n_bytes >= n_bytes && !memcmp(head->bytes, magic, n_bytes);
}

static bool is_png(const psh__head *head) {
    return starts_with(head, "\x89PNG\r\n\x1a\n", 8);
}

static bool is_jpeg(const psh__head *head) {
    return starts_with(head, "\xff\xd8\xff", 3);
}

/* Readers of one image a file know nothing of items. */
#define READ_IMAGE(name)                                                                                               \
    static psh_status read_##name(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {             \
        (void)i_item;                                                                                                  \
        dst->kind = PSH_ITEM_IMAGE;                                                                                    \
        return psh__##name##_read(file->content.data, file->content.n_bytes, &dst->image, err);                        \
    }
READ_IMAGE(png)
READ_IMAGE(jpeg)
READ_IMAGE(pgm)
READ_IMAGE(perseus)

static bool is_tiff(const psh__head *head) { /* the last two: BigTIFF */
    return starts_with(head, "II*\0", 4) || starts_with(head, "MM\0*", 4) || starts_with(head, "II+\0", 4) ||
           starts_with(head, "MM\0+", 4);
}

static bool is_zip(const psh__head *head) {
    return starts_with(head, "PK\3\4", 4) || starts_with(head, "PK\5\6", 4);
}

#define IMAGE PSH__KIND(IMAGE)
#define CLOUD PSH__KIND(CLOUD)
#define MATRIX PSH__KIND(MATRIX)
#define MESH PSH__KIND(MESH)

static const psh__format table[] = {
    {.name = "PNG", .endings = ".png", .kinds = IMAGE, .recognise = is_png, .read = read_png},
    {.name = "JPEG", .endings = ".jpg .jpeg", .kinds = IMAGE, .recognise = is_jpeg, .read = read_jpeg},
    {.name = "PGM", .endings = ".pgm", .kinds = IMAGE, .recognise = psh__pgm_is, .read = read_pgm},
    {.name = "TIFF",
     .endings = ".tif .tiff",
     .kinds = IMAGE,
     .recognise = is_tiff,
     .open = psh__tiff_open_item,
     .read = psh__tiff_read_item,
     .close = psh__tiff_close_item},
    {.name = "NIfTI",
     .endings = ".nii",
     .kinds = IMAGE,
     .recognise = psh__nifti_is,
     .is_single = psh__nifti_is_single,
     .open = psh__nifti_open_item,
     .read = psh__nifti_read_item,
     .close = psh__nifti_close_item},
    {.name = "VTI",
     .endings = ".vti .vtr .vts",
     .kinds = IMAGE,
     .has_fields = true,
     .recognise = psh__vti_is,
     .read = psh__vti_read_item},
    {.name = "VTU",
     .endings = ".vtu .vtp",
     .kinds = MESH | CLOUD,
     .has_fields = true,
     .recognise = psh__vtu_is,
     .open = psh__vtu_open,
     .read = psh__vtu_read_item,
     .close = psh__vtu_close},
    {.name = "DIPHA",
     .endings = ".complex .dipha",
     .kinds = IMAGE | MATRIX,
     .recognise = psh__dipha_recognise,
     .open = psh__dipha_open,
     .read = psh__dipha_read_item},
    {.name = "IDX",
     .endings = ".idx -ubyte",
     .kinds = IMAGE,
     .recognise = psh__idx_is,
     .open = psh__idx_open,
     .read = psh__stack_read_item,
     .close = psh__stack_close},
    {.name = ".npy",
     .endings = ".npy",
     .kinds = IMAGE | CLOUD | MATRIX,
     .recognise = psh__npy_is,
     .open = psh__npy_open,
     .read = psh__stack_read_item,
     .close = psh__stack_close},
    {.name = ".npz",
     .kinds = IMAGE | CLOUD | MATRIX,
     .has_fields = true,
     .recognise = is_zip,
     .open = psh__bundle_open,
     .read = psh__bundle_read_item,
     .close = psh__bundle_close},
    {.name = "PLY",
     .endings = ".ply",
     .kinds = MESH | CLOUD,
     .is_text = true,
     .has_fields = true,
     .recognise = psh__ply_is,
     .read = psh__ply_read_item},
    {.name = "OFF",
     .endings = ".off",
     .kinds = MESH | CLOUD,
     .is_text = true,
     .has_fields = true,
     .recognise = psh__off_is,
     .read = psh__off_read_item},
    {.name = "OBJ",
     .endings = ".obj",
     .kinds = MESH | CLOUD,
     .is_text = true,
     .has_fields = true,
     .recognise = psh__obj_is,
     .read = psh__obj_read_item},
    {.name = "Perseus",
     .endings = ".perseus",
     .kinds = IMAGE,
     .is_vague = true, /* labels, one a line, begin so too */
     .recognise = psh__perseus_is,
     .read = read_perseus},
    {.name = "a text table",
     .endings = ".xyz",
     .kinds = CLOUD | MATRIX,
     .is_text = true,
     .is_vague = true,
     .recognise = psh__table_is,
     .read = psh__table_read_item},
};
#define N_ROWS (sizeof table / sizeof *table)

const psh__format *psh__format_find(const psh__head *head) {
    for (size_t i = 0; i < N_ROWS; i++)
        if (table[i].recognise(head)) return &table[i];
    return NULL;
}

void psh__format_list(char dst[PSH__FORMAT_LIST_BYTES]) {
    size_t n = 0;
    for (size_t i = 0; i < N_ROWS && n < PSH__FORMAT_LIST_BYTES; i++)
        n += (size_t)snprintf(dst + n, PSH__FORMAT_LIST_BYTES - n, "%s%s",
                              i == 0            ? ""
                              : i + 1 == N_ROWS ? " or "
                                                : ", ",
                              table[i].name);
}

/* --- heads -------------------------------------------------------------------------------------------------------- */

/* Text has no control characters but white space; one that is cut in the middle of a UTF-8 character still counts. */
static bool is_text(const uint8_t *head, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++)
        if (head[i] == 0x7f || (head[i] < 0x20 && !strchr("\t\n\v\f\r\x1b", head[i])) || head[i] == 0) return false;
    return true;
}

psh__head psh__head_of(const uint8_t *bytes, size_t n_bytes, psh_item_kind kind) {
    size_t n_looked_at = n_bytes < PSH__HEAD_BYTES ? n_bytes : PSH__HEAD_BYTES;
    return (psh__head){.bytes = bytes, .n_bytes = n_bytes, .is_text = is_text(bytes, n_looked_at), .kind = kind};
}

/* Formats that are not read, but are likely to be handed in. */
static const struct {
    const char *magic;
    size_t n_bytes;
    const char *what;
} foreign[] = {
    {"\x89PNG", 4, "a damaged PNG"},
    {"\xff\xd8", 2, "a damaged JPEG"},
    {"GIF8", 4, "a GIF image"},
    {"BM", 2, "a BMP image"},
    {"P1", 2, "a Netpbm image other than PGM"},
    {"P3", 2, "a Netpbm image other than PGM"},
    {"P4", 2, "a Netpbm image other than PGM"},
    {"P6", 2, "a Netpbm image other than PGM"},
    {"P7", 2, "a Netpbm image other than PGM"},
    {"\x89HDF", 4, "an HDF5 file"},
    {"%PDF", 4, "a PDF document"},
};

const char *psh__format_guess(const psh__head *head) {
    if (head->n_bytes == 0) return "empty (0 bytes)";
    if (head->n_bytes >= 12 && !memcmp(head->bytes, "RIFF", 4) && !memcmp(head->bytes + 8, "WEBP", 4))
        return "a WebP image";
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (head->n_bytes >= foreign[i].n_bytes && !memcmp(head->bytes, foreign[i].magic, foreign[i].n_bytes))
            return foreign[i].what;
    return head->is_text ? "plain text" : "of an unknown format";
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* The list has a space between endings. */
static bool ends_like(const char *path, size_t n_path, const char *endings) {
    for (const char *at = endings; at && *at;) {
        size_t n_ending = strcspn(at, " ");
        if (n_path > n_ending && !strncasecmp(path + n_path - n_ending, at, n_ending)) return true;
        at += n_ending + strspn(at + n_ending, " ");
    }
    return false;
}

bool psh__format_is_name_of(const psh__format *format, const char *path) {
    size_t n_path = strlen(path);
    if (n_path > 3 && !strcasecmp(path + n_path - 3, ".gz")) n_path -= 3;
    return ends_like(path, n_path, format->endings);
}

bool psh__format_is_name(const char *path) {
    for (size_t i = 0; i < N_ROWS; i++)
        if (psh__format_is_name_of(&table[i], path)) return true;
    return false;
}

const char *psh__kind_text(psh_item_kind kind) {
    static const char *const texts[] = {
        [PSH_ITEM_AUTO] = "anything",       [PSH_ITEM_IMAGE] = "an image",
        [PSH_ITEM_CLOUD] = "a point cloud", [PSH_ITEM_MATRIX] = "a distance matrix",
        [PSH_ITEM_MESH] = "a mesh",
    };
    return texts[kind];
}
