/* test_model_file.c : models as .safetensors bytes: round trips, and everything that can be wrong with a file. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "encoder/sketch_model.h"

static const psh__question questions[] = {
    {{0.6f, 0.8f, 0.25f, 0.1f}, 0, 300},
    {{-0.5f, 0.25f, -0.125f, 0.001f}, 1, -7},
    {{0.0f, 1.0f, 0.5f, 0.3f}, 0, 2147483647},
};
enum { N_BITS = sizeof questions / sizeof *questions };

static psh_model *make_model(psh_frame frame) {
    psh_model *model;
    psh_meta *meta;
    assert_int_equal(psh_meta_create(&meta, NULL), PSH_OK);
    assert_int_equal(psh_meta_set_text(meta, "note", "quotes \" and \xc3\xa9"), PSH_OK);
    assert_int_equal(psh__sketch_create(questions, N_BITS, &frame, false, 3, meta, &model, NULL), PSH_OK);
    psh_meta_free(meta);
    return model;
}

static void to_bytes(const psh_model *model, uint8_t **bytes, size_t *n_bytes) {
    assert_int_equal(psh_model_write_bytes(model, bytes, n_bytes, NULL), PSH_OK);
}

/* The file with its header's first `from` replaced by `to`, and lengths mended. Freed by free(). */
static uint8_t *edited(const uint8_t *bytes, size_t n_bytes, const char *from, const char *to, size_t *n_edited) {
    uint64_t header_bytes;
    memcpy(&header_bytes, bytes, 8);
    char *header = malloc(header_bytes + 1);
    memcpy(header, bytes + 8, header_bytes);
    header[header_bytes] = 0;
    char *at = strstr(header, from);
    if (!at) fail_msg("no \"%s\" in %s", from, header);
    size_t n_before = (size_t)(at - header), n_after = header_bytes - n_before - strlen(from);
    uint64_t new_bytes = n_before + strlen(to) + n_after;
    uint8_t *file = malloc(n_bytes + strlen(to));
    memcpy(file, &new_bytes, 8);
    memcpy(file + 8, header, n_before);
    memcpy(file + 8 + n_before, to, strlen(to));
    memcpy(file + 8 + n_before + strlen(to), at + strlen(from), n_after);
    memcpy(file + 8 + new_bytes, bytes + 8 + header_bytes, n_bytes - 8 - header_bytes);
    *n_edited = 8 + new_bytes + n_bytes - 8 - header_bytes;
    free(header);
    return file;
}

static void refuse(const uint8_t *bytes, size_t n_bytes, psh_status expected, const char *word) {
    psh_model *model = NULL;
    psh_error err = {0};
    assert_int_equal(psh_model_read_bytes(bytes, n_bytes, &model, &err), expected);
    assert_null(model);
    if (!strstr(err.text, word)) fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void models_survive_the_round_trip(void **state) {
    const psh_frame frames[] = {{PSH_FRAME_SET, -1.5, 1e300}, {PSH_FRAME_DIAGRAM, 0, 1}, {PSH_FRAME_FIXED, 0.1, 0.3}};
    for (size_t f = 0; f < 3; f++) {
        psh_model *model = make_model(frames[f]), *again;
        uint8_t *bytes, *second;
        size_t n_bytes, n_second;
        to_bytes(model, &bytes, &n_bytes);
        assert_int_equal(psh_model_read_bytes(bytes, n_bytes, &again, NULL), PSH_OK);
        assert_int_equal(psh_model_n_bits(again), N_BITS);
        assert_int_equal(psh_model_n_bytes(again), 1);
        assert_string_equal(psh_model_id(again), psh_model_id(model));
        assert_string_equal(psh_model_kind(again), "sketch");
        assert_string_equal(psh_meta_text(psh_model_meta(again), "note"), "quotes \" and \xc3\xa9");
        assert_int_equal(psh_model_frame(again)->kind, frames[f].kind);
        assert_true(psh_model_frame(again)->lo == frames[f].lo && psh_model_frame(again)->hi == frames[f].hi);
        assert_memory_equal(((const psh__sketch *)again)->questions, questions, sizeof questions);
        assert_false(again->pool);
        assert_int_equal(again->dims_mask, 3);
        to_bytes(again, &second, &n_second);
        assert_int_equal(n_second, n_bytes);
        assert_memory_equal(second, bytes, n_bytes);
        uint64_t header_bytes;
        memcpy(&header_bytes, bytes, 8);
        assert_int_equal(header_bytes % 8, 0); /* tensors are aligned */
        psh_bytes_free(bytes);
        psh_bytes_free(second);
        psh_model_free(model);
        psh_model_free(again);
    }
}

static void identities_tell_models_apart(void **state) {
    psh__question changed[N_BITS];
    psh_frame frame = {PSH_FRAME_FIXED, 0, 1}, other = {PSH_FRAME_FIXED, 0, 2};
    psh_model *models[7];
    memcpy(changed, questions, sizeof changed);
    assert_int_equal(psh__sketch_create(questions, N_BITS, &frame, false, 3, NULL, &models[0], NULL), PSH_OK);
    assert_int_equal(psh__sketch_create(questions, N_BITS, &other, false, 3, NULL, &models[1], NULL), PSH_OK);
    assert_int_equal(psh__sketch_create(questions, N_BITS, &frame, false, 0, NULL, &models[2], NULL), PSH_OK);
    assert_int_equal(psh__sketch_create(questions, N_BITS - 1, &frame, false, 3, NULL, &models[3], NULL), PSH_OK);
    changed[2].at_least--;
    assert_int_equal(psh__sketch_create(changed, N_BITS, &frame, false, 3, NULL, &models[4], NULL), PSH_OK);
    changed[2].at_least++, changed[1].line.width *= 2;
    assert_int_equal(psh__sketch_create(changed, N_BITS, &frame, false, 3, NULL, &models[5], NULL), PSH_OK);
    changed[1] = questions[1], changed[0].dim = 1;
    assert_int_equal(psh__sketch_create(changed, N_BITS, &frame, false, 3, NULL, &models[6], NULL), PSH_OK);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(strlen(psh_model_id(models[i])), 16);
        for (size_t j = 0; j < i; j++) assert_string_not_equal(psh_model_id(models[i]), psh_model_id(models[j]));
    }
    for (size_t i = 0; i < 7; i++) psh_model_free(models[i]);
}

static void every_prefix_is_refused(void **state) {
    psh_model *model = make_model((psh_frame){PSH_FRAME_FIXED, 0, 1}), *again = NULL;
    uint8_t *bytes;
    size_t n_bytes;
    to_bytes(model, &bytes, &n_bytes);
    for (size_t n = 0; n < n_bytes; n++) {
        uint8_t *exact = malloc(n + !n);
        psh_error err = {0};
        memcpy(exact, bytes, n);
        psh_status status = psh_model_read_bytes(exact, n, &again, &err);
        assert_true(status == PSH_ERR_FORMAT || status == PSH_ERR_CORRUPT);
        assert_true(err.text[0] != 0);
        free(exact);
    }
    psh_bytes_free(bytes);
    psh_model_free(model);
}

static void every_flipped_bit_is_refused_or_harmless(void **state) {
    psh_model *model = make_model((psh_frame){PSH_FRAME_FIXED, 0, 1}), *again;
    uint8_t *bytes;
    size_t n_bytes, n_read = 0;
    to_bytes(model, &bytes, &n_bytes);
    for (size_t i = 0; i < 8 * n_bytes; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        if (psh_model_read_bytes(bytes, n_bytes, &again, NULL) == PSH_OK) {
            assert_string_equal(psh_model_id(again), psh_model_id(model)); /* words of the metadata alone */
            psh_model_free(again);
            n_read++;
        }
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(n_read < n_bytes);
    psh_bytes_free(bytes);
    psh_model_free(model);
}

static void faults_are_named(void **state) {
    static const struct {
        const char *from, *to;
        psh_status status;
        const char *word;
    } faults[] = {
        {"\"kind\":\"sketch\"", "\"kind\":\"oracle\"", PSH_ERR_UNSUPPORTED, "oracle"},
        {"\"kind\":\"sketch\"", "\"format\":\"pt\"", PSH_ERR_FORMAT, "kind"},
        {"\"n_bits\":\"3\"", "\"n_bits\":\"0\"", PSH_ERR_CORRUPT, "n_bits"},
        {"\"n_bits\":\"3\"", "\"n_bits\":\"1025\"", PSH_ERR_CORRUPT, "1025"},
        {"\"n_bits\":\"3\"", "\"n_bits\":\"-3\"", PSH_ERR_CORRUPT, "n_bits"},
        {"\"n_bits\":\"3\"", "\"n_bits\":3", PSH_ERR_CORRUPT, "n_bits"},
        {"\"n_bits\":\"3\"", "\"n_bits\":\"2\"", PSH_ERR_CORRUPT, "lines"},
        {"\"pool\":\"false\"", "\"pool\":\"no\"", PSH_ERR_CORRUPT, "pool"},
        {"\"pool\":\"false\"", "\"pool\":\"true\"", PSH_ERR_CORRUPT, "dimension"},
        {"\"dims_mask\":\"3\"", "\"dims_mask\":\"4294967296\"", PSH_ERR_CORRUPT, "dims_mask"},
        {"\"dims_mask\":\"3\"", "\"dims_mask\":\"1\"", PSH_ERR_CORRUPT, "dimension 1"},
        {"\"frame_kind\":\"fixed\"", "\"frame_kind\":\"round\"", PSH_ERR_CORRUPT, "round"},
        {"\"model_id\":\"", "\"model_id\":\"0", PSH_ERR_CORRUPT, "weights"},
        {"\"F32\"", "\"F64\"", PSH_ERR_CORRUPT, "lines"},
        {"\"thresholds\"", "\"limits\"", PSH_ERR_CORRUPT, "thresholds"},
        {"\"frame\":{", "\"more\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},\"frame\":{",
         PSH_ERR_CORRUPT, "starts at byte"}, /* two arrays in one place */
        {"\"frame\":{", "\"more\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]},\"frame\":{",
         PSH_ERR_CORRUPT, "5 arrays"},
        {"\"frame\":{", "\"more\":{\"dtype\":\"C64\",\"shape\":[0],\"data_offsets\":[0,0]},\"frame\":{",
         PSH_ERR_UNSUPPORTED, "C64"},
        {"\"frame\":{", "\"lines\":{", PSH_ERR_CORRUPT, "JSON"}, /* twice the same key */
        {"[0,16]", "[0,17]", PSH_ERR_CORRUPT, "frame"},
        {"[0,16]", "[0,18446744073709551616]", PSH_ERR_CORRUPT, "JSON"},
        {"{\"__metadata__\"", "[{\"__metadata__\"", PSH_ERR_FORMAT, "{"},
        {"\"made\":\"{", "\"made\":\"", PSH_ERR_CORRUPT, "metadata"},
    };
    psh_model *model = make_model((psh_frame){PSH_FRAME_FIXED, 0, 1});
    uint8_t *bytes;
    size_t n_bytes, n_edited;
    to_bytes(model, &bytes, &n_bytes);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        uint8_t *file = edited(bytes, n_bytes, faults[i].from, faults[i].to, &n_edited);
        refuse(file, n_edited, faults[i].status, faults[i].word);
        free(file);
    }
    uint8_t *longer = malloc(n_bytes + 1);
    memcpy(longer, bytes, n_bytes);
    longer[n_bytes] = 0;
    refuse(longer, n_bytes + 1, PSH_ERR_CORRUPT, "bytes of arrays");
    free(longer);
    refuse((const uint8_t *)"this is a text file, no model", 29, PSH_ERR_FORMAT, "no model");
    psh_bytes_free(bytes);
    psh_model_free(model);
}

static psh_status create(const psh__question *parts, size_t n_bits, const psh_frame *frame, bool pool,
                         uint32_t dims_mask) {
    psh_model *model = NULL;
    psh_status status = psh__sketch_create(parts, n_bits, frame, pool, dims_mask, NULL, &model, NULL);
    psh_model_free(model);
    return status;
}

static void weights_that_are_no_model_are_refused(void **state) {
    psh_frame good = {PSH_FRAME_FIXED, 0, 1}, nan = {PSH_FRAME_FIXED, 0, 0.0 / 0.0}, turned = {PSH_FRAME_SET, 2, 1};
    psh__question bad[N_BITS];
    assert_int_equal(create(questions, N_BITS, &good, false, 0), PSH_OK);
    assert_int_equal(create(questions, N_BITS, &nan, false, 0), PSH_ERR_CORRUPT);
    assert_int_equal(create(questions, N_BITS, &turned, false, 0), PSH_ERR_CORRUPT);
    assert_int_equal(create(questions, 0, &good, false, 0), PSH_ERR_CORRUPT);
    assert_int_equal(create(questions, 1025, &good, false, 0), PSH_ERR_CORRUPT);
    float *const fields[] = {&bad[1].line.cos, &bad[1].line.sin, &bad[1].line.position, &bad[1].line.width};
    for (size_t i = 0; i < 4; i++) {
        memcpy(bad, questions, sizeof bad);
        *fields[i] = __builtin_nanf("");
        assert_int_equal(create(bad, N_BITS, &good, false, 0), PSH_ERR_CORRUPT);
    }
    memcpy(bad, questions, sizeof bad);
    bad[1].line.width = 0;
    assert_int_equal(create(bad, N_BITS, &good, false, 0), PSH_ERR_CORRUPT);
    memcpy(bad, questions, sizeof bad);
    bad[2].dim = -1;
    assert_int_equal(create(bad, N_BITS, &good, false, 0), PSH_ERR_CORRUPT);
    assert_int_equal(create(questions, N_BITS, &good, true, 0), PSH_ERR_CORRUPT);
    assert_int_equal(create(questions, N_BITS, &good, false, 2), PSH_ERR_CORRUPT);
}

static void files_on_disk(void **state) {
    char folder[] = "model_test_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    psh_model *model = make_model((psh_frame){PSH_FRAME_FIXED, 0, 1}), *again = NULL;
    psh_error err = {0};
    assert_int_equal(psh_model_read(path, &again, &err), PSH_ERR_FILE_NOT_FOUND);
    assert_int_equal(psh_model_write(model, path, &err), PSH_OK);
    assert_int_equal(psh_model_read(path, &again, &err), PSH_OK);
    assert_string_equal(psh_model_id(again), psh_model_id(model));
    psh_model_free(again);
    FILE *file = fopen(path, "wb");
    fputs("nonsense", file);
    fclose(file);
    assert_int_equal(psh_model_read(path, &again, &err), PSH_ERR_FORMAT);
    assert_memory_equal(err.text, path, strlen(path)); /* says which file */
    unlink(path);
    assert_int_equal(psh_model_write(model, "no/such/folder/m.safetensors", &err), PSH_ERR_FILE_WRITE);
    rmdir(folder);
    psh_model_free(model);
}

static void failing_memory_is_reported(void **state) {
    psh_model *model = make_model((psh_frame){PSH_FRAME_FIXED, 0, 1}), *again = NULL;
    uint8_t *bytes = NULL;
    size_t n_bytes = 0;
    psh_status status;
    unsigned long n = 0;
    do {
        psh__alloc_fail_at(++n);
        status = psh_model_write_bytes(model, &bytes, &n_bytes, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
    } while (status != PSH_OK);
    assert_true(n > 1);
    n = 0;
    do {
        psh__alloc_fail_at(++n);
        status = psh_model_read_bytes(bytes, n_bytes, &again, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
    } while (status != PSH_OK);
    assert_true(n > 3);
    psh_bytes_free(bytes);
    psh_model_free(again);
    psh_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_survive_the_round_trip),
        cmocka_unit_test(identities_tell_models_apart),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused_or_harmless),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(weights_that_are_no_model_are_refused),
        cmocka_unit_test(files_on_disk),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
