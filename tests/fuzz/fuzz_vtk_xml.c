/* fuzz_vtk_xml.c : any bytes as a VTK file: an error, or arrays whose values can all be read, as many as the file says.
 * The bytes are read where they lie, so a sanitizer sees the first byte beyond them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/vtk_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void check(bool holds) {
    if (!holds) abort();
}

static void read_one(const psh__vtk *vtk, const psh__vtk_array *array) {
    psh_error err = {0};
    psh__array values;
    if (psh__vtk_read(vtk, array, &values, &err) != PSH_OK) {
        check(err.text[0]);
        return;
    }
    check(values.item_bytes == array->item_bytes && values.n_items % array->n_components == 0);
    if (array->n_tuples != PSH__VTK_ANY_TUPLES) check(values.n_items == array->n_tuples * array->n_components);
    unsigned sum = 0; /* every byte must be there */
    for (size_t i = 0; i < values.n_items * values.item_bytes; i++) sum += ((const uint8_t *)values.data)[i];
    check(sum + 1 != 0);
    psh__array_free(&values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char text[64];
    psh_error err = {0};
    psh__vtk vtk;
    psh__vtk_is(data, n_bytes);
    if (psh__vtk_parse(data, n_bytes, &vtk, &err) != PSH_OK) {
        check(err.text[0] && !vtk.arrays && !vtk.type);
        return 0;
    }
    for (size_t i = 0; i < vtk.n_arrays; i++) read_one(&vtk, &vtk.arrays[i]);
    check(strlen(psh__vtk_list(&vtk, PSH__VTK_POINT_DATA, text, sizeof text)) < sizeof text);
    psh__vtk_free(&vtk);
    return 0;
}
