/* format.c : what a file is, told from its first bytes. */
#include <string.h>
#include <strings.h>

#include "input/readers.h"

#define STARTS(magic) (n_bytes >= sizeof(magic) - 1 && memcmp(head, magic, sizeof(magic) - 1) == 0)

psh__format psh__format_of(const uint8_t *head, size_t n_bytes) {
    if (STARTS("\x89PNG\r\n\x1a\n")) return PSH__FORMAT_PNG;
    if (STARTS("\xff\xd8\xff")) return PSH__FORMAT_JPEG;
    if (STARTS("\x93NUMPY")) return PSH__FORMAT_NPY;
    if (STARTS("\x1f\x8b")) return PSH__FORMAT_GZIP;
    if (n_bytes >= 3 && head[0] == 'P' && (head[1] == '2' || head[1] == '5') && strchr(" \t\r\n\v\f#", head[2]) &&
        head[2])
        return PSH__FORMAT_PGM;
    if (n_bytes >= 4 && !head[0] && !head[1] && head[2] >= 0x08 && head[2] <= 0x0e && head[3] >= 1 && head[3] <= 8)
        return PSH__FORMAT_IDX;
    return PSH__FORMAT_UNKNOWN;
}

/* Text has no control characters but white space; one that is cut in the middle of a UTF-8 character still counts. */
static bool is_text(const uint8_t *head, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++)
        if (head[i] == 0x7f || (head[i] < 0x20 && !strchr("\t\n\v\f\r\x1b", head[i])) || head[i] == 0) return false;
    return true;
}

const char *psh__format_guess(const uint8_t *head, size_t n_bytes) {
    if (n_bytes == 0) return "empty (0 bytes)";
    if (STARTS("\x89PNG") || STARTS("\xff\xd8")) return "a damaged PNG or JPEG";
    if (STARTS("II*\0") || STARTS("MM\0*")) return "a TIFF image";
    if (STARTS("GIF8")) return "a GIF image";
    if (STARTS("BM")) return "a BMP image";
    if (n_bytes >= 12 && STARTS("RIFF") && memcmp(head + 8, "WEBP", 4) == 0) return "a WebP image";
    if (STARTS("P1") || STARTS("P3") || STARTS("P4") || STARTS("P6") || STARTS("P7"))
        return "a Netpbm image other than PGM";
    if (STARTS("\x89HDF")) return "an HDF5 file";
    if (STARTS("PK\3\4")) return "a zip archive, such as an .npz of diagrams";
    if (STARTS("%PDF")) return "a PDF document";
    return is_text(head, n_bytes) ? "plain text" : "of an unknown format";
}

bool psh__format_is_name_of_image(const char *path) {
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".pgm", ".idx", ".npy", "-ubyte"};
    char name[32];
    size_t n = strlen(path), n_kept = n < sizeof name - 1 ? n : sizeof name - 1;
    memcpy(name, path + n - n_kept, n_kept + 1);
    if (n_kept > 3 && !strcasecmp(name + n_kept - 3, ".gz")) name[n_kept -= 3] = 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n_ending = strlen(endings[i]);
        if (n_kept > n_ending && !strcasecmp(name + n_kept - n_ending, endings[i])) return true;
    }
    return false;
}
