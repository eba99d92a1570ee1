/* error.c : status texts and the explanation of a failure. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef psh__error /* here are the functions, not what the analyzer is told about them */
#undef psh__error_prefix
#undef psh__error_memory

const char *psh_status_text(psh_status status) {
    switch (status) {
#define PSH_STATUS_TEXT(name, number, text)                                                                            \
    case PSH_##name:                                                                                                   \
        return text;
        PSH_STATUS_LIST(PSH_STATUS_TEXT)
#undef PSH_STATUS_TEXT
    }
    return "unknown status";
}

const char *psh_status_name(psh_status status) {
    switch (status) {
#define PSH_STATUS_NAME(name, number, text)                                                                            \
    case PSH_##name:                                                                                                   \
        return "PSH_" #name;
        PSH_STATUS_LIST(PSH_STATUS_NAME)
#undef PSH_STATUS_NAME
    }
    return "PSH_ERR_?";
}

/* A text is one line, so that it survives logs and terminals: control characters (of hostile file names) become '?'. */
static void make_one_line(char *text) {
    for (unsigned char *c = (unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f) *c = '?';
}

psh_status psh__error(psh_error *err, psh_status status, const char *format, ...) {
    if (err) {
        va_list arguments;
        va_start(arguments, format);
        err->status = status;
        vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
        make_one_line(err->text);
    }
    return status;
}

psh_status psh__error_prefix(psh_error *err, psh_status status, const char *format, ...) {
    if (err) {
        char old[PSH_ERROR_BYTES], prefix[PSH_ERROR_BYTES];
        va_list arguments;
        memcpy(old, err->text, sizeof old);
        va_start(arguments, format);
        vsnprintf(prefix, sizeof prefix, format, arguments);
        va_end(arguments);
        err->status = status;
        int n_chars = snprintf(err->text, sizeof err->text, "%s: ", prefix);
        if (n_chars > 0 && (size_t)n_chars < sizeof err->text)
            snprintf(err->text + n_chars, sizeof err->text - (size_t)n_chars, "%s", old);
        make_one_line(err->text);
    }
    return status;
}

psh_status psh__error_memory(psh_error *err, const char *what, unsigned long long n_bytes) {
    return psh__error(err, PSH_ERR_MEMORY,
                      "no memory for %s (%llu bytes); use fewer items, or a machine with more memory", what, n_bytes);
}
