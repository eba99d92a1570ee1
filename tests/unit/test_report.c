/* test_report.c : the parts of the page one by one, and whole pages read back as a browser would find them. */
#include <inttypes.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/file.h"
#include "base/random.h"
#include "persihash/report.h"
#include "report/agreement.h"
#include "report/examples.h"
#include "report/gather.h"
#include "report/page_text.h"
#include "report/pictures.h"

#define PAGE "test_report.html"

/* --- A page read back --------------------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *n_bytes) {
    psh__bytes bytes;
    assert_int_equal(psh__bytes_read(path, &bytes, NULL), PSH_OK);
    char *text = malloc(bytes.n_bytes + 1);
    memcpy(text, bytes.data, bytes.n_bytes);
    text[bytes.n_bytes] = 0;
    if (n_bytes) *n_bytes = bytes.n_bytes;
    psh__bytes_free(&bytes);
    return text;
}

/* What a browser takes for the content of <script ... id="data">: up to the first "</script". */
static json_t *read_page_data(const char *path) {
    char *page = read_file(path, NULL);
    char *begin = strstr(page, "id=\"data\">");
    assert_non_null(begin);
    begin += strlen("id=\"data\">");
    char *end = strstr(begin, "</script");
    assert_non_null(end);
    json_error_t fault;
    json_t *data = json_loadb(begin, (size_t)(end - begin), JSON_REJECT_DUPLICATES, &fault);
    if (!data) fail_msg("data: line %d column %d: %s", fault.line, fault.column, fault.text);
    free(page);
    return data;
}

static json_t *write_and_read(const psh_report_params *params) {
    psh_error err = {0};
    psh_status status = psh_report_write(params, PAGE, &err);
    if (status != PSH_OK) fail_msg("%s", err.text);
    return read_page_data(PAGE);
}

static json_int_t integer_of(const json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static size_t from_base64(const char *text, uint8_t *dst) {
    size_t n_bytes = 0;
    uint32_t bits = 0;
    int n_bits = 0;
    for (; *text && *text != '='; text++) {
        const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *digit = strchr(digits, *text);
        assert_non_null(digit);
        bits = bits << 6 | (uint32_t)(digit - digits);
        n_bits += 6;
        if (n_bits < 8) continue;
        n_bits -= 8;
        dst[n_bytes++] = (uint8_t)(bits >> n_bits);
    }
    return n_bytes;
}

/* A block of bytes of the page. */
static size_t bytes_of(const json_t *block, uint8_t *dst, size_t n_room) {
    const char *text = json_string_value(block);
    assert_non_null(text);
    assert_true(strlen(text) / 4 * 3 <= n_room + 2);
    uint8_t *bytes = malloc(strlen(text) + 1);
    size_t n_bytes = from_base64(text, bytes);
    assert_true(n_bytes <= n_room);
    memcpy(dst, bytes, n_bytes);
    free(bytes);
    return n_bytes;
}

/* --- Parts to report on ------------------------------------------------------------------------------------------- */

#define N 40

typedef struct parts {
    psh_diagrams *diagrams;
    psh_codes *codes;
    psh_clusters *clusters;
    psh_distances *exact;
    psh_input *input;
    double xy[2 * N];
    const char *logs[2];
    psh_report_params params;
} parts;

static psh_codes *make_codes(size_t n_codes, const uint8_t *bytes, int n_bits) {
    psh_codes *codes;
    assert_int_equal(psh_codes_create(bytes, n_codes, n_bits, "00000000000000aa", "00000000000000bb", &codes, NULL),
                     PSH_OK);
    return codes;
}

#define LOG_HEAD "epoch,similarity,codes,distinct,balance,spearman\n"

/* Three clusters of codes, diagrams with two dimensions, images, exact distances of the first ten, two logs. */
static void parts_make(parts *p, const char *name, const char *label) {
    psh_error err = {0};
    psh__random rng;
    uint8_t codes[N * 8], pixels[N * 12 * 10];
    int64_t clusters[N];
    psh__random_init(&rng, 7, 0);
    memset(p, 0, sizeof *p);
    assert_int_equal(psh_diagrams_create(&p->diagrams, NULL), PSH_OK);
    for (size_t i = 0; i < N; i++) {
        double points[2 * 6];
        int32_t dims[6];
        for (size_t k = 0; k < 6; k++) {
            points[2 * k] = psh__random_unit(&rng);
            points[2 * k + 1] = points[2 * k] + psh__random_unit(&rng);
            dims[k] = k % 2;
        }
        clusters[i] = i < 30 ? 0 : i < 38 ? 1 : 2;
        for (size_t b = 0; b < 8; b++)
            codes[8 * i + b] = (uint8_t)(clusters[i] * 51 ^ (1u << psh__random_below(&rng, 8)));
        assert_int_equal(psh_diagrams_append(p->diagrams, points, dims, i % 7, name, (int64_t)(i % 2), NULL), PSH_OK);
        p->xy[2 * i] = (double)i, p->xy[2 * i + 1] = (double)(i * i);
    }
    const char *const names[2] = {label, "other"};
    assert_int_equal(psh_diagrams_set_label_names(p->diagrams, names, 2, NULL), PSH_OK);
    assert_int_equal(psh_meta_set_text(psh_diagrams_meta(p->diagrams), "command", name), PSH_OK);
    p->codes = make_codes(N, codes, 64);
    const double wcss[4] = {9, 4, 1, 0.5};
    assert_int_equal(psh_clusters_create(clusters, N, NULL, wcss, 4, &p->clusters, &err), PSH_OK);
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 10, &p->exact, NULL), PSH_OK);
    double *exact = psh_distances_data(p->exact);
    for (size_t i = 0; i < 45; i++) exact[i] = psh__random_unit(&rng);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)psh__random_below(&rng, 256);
    const size_t shape[3] = {N, 12, 10};
    const char *const path = "test_report_images.npy";
    assert_int_equal(psh__npy_write(path, "|u1", shape, 3, pixels, sizeof pixels, NULL), PSH_OK);
    assert_int_equal(psh_input_open(&path, 1, NULL, &p->input, &err), PSH_OK);
    p->params = PSH_PARAMS(psh_report_params);
    p->params.diagrams = p->diagrams, p->params.codes = p->codes, p->params.clusters = p->clusters;
    p->params.exact = p->exact, p->params.input = p->input, p->params.xy = p->xy;
    p->logs[0] = "test_report_a.csv", p->logs[1] = "./test_report_b.csv";
    const char first[] = LOG_HEAD "1,0.5,8,7,0.5,0.25\n2,0.4,8,8,1,0.5\n", second[] = LOG_HEAD "1,0.5,8,1,0,nan\n";
    assert_int_equal(psh__file_replace(p->logs[0], first, strlen(first), &err), PSH_OK);
    assert_int_equal(psh__file_replace(p->logs[1], second, strlen(second), &err), PSH_OK);
    p->params.logs = p->logs, p->params.n_logs = 2;
}

static void parts_free(parts *p) {
    psh_diagrams_free(p->diagrams);
    psh_codes_free(p->codes);
    psh_clusters_free(p->clusters);
    psh_distances_free(p->exact);
    psh_input_free(p->input);
    unlink("test_report_images.npy");
    unlink(p->logs[0]), unlink(p->logs[1]);
    unlink(PAGE);
}

/* --- Text --------------------------------------------------------------------------------------------------------- */

static void expect_text(psh__text *text, const char *expected) {
    psh__text_add(text, "", 1);
    assert_false(text->failed);
    assert_string_equal(text->bytes, expected);
    psh__text_free(text);
}

static void html_escapes_what_html_would_read(void **state) {
    psh__text text = {0};
    psh__text_html(&text, "<b title=\"x\" id='y'>&amp;\xc3\xbc</b>");
    expect_text(&text, "&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;\xc3\xbc&lt;/b&gt;");
}

static void json_strings_cannot_end_a_script(void **state) {
    psh__text text = {0};
    psh__json_string(&text, "</script><!-- \"\\\n\x01\x7f");
    expect_text(&text, "\"\\u003c/script\\u003e\\u003c!-- \\u0022\\u005c\\u000a\\u0001\\u007f\"");
    psh__json_raw(&text, "{\"a\":\"</script><\"}");
    expect_text(&text, "{\"a\":\"\\u003c/script>\\u003c\"}");
}

static void bytes_that_are_no_utf8_become_replacement_characters(void **state) {
    psh__text text = {0};
    psh__json_string(&text, "a\xff\xc3");                            /* no lead byte; cut off */
    psh__text_html(&text, "\xed\xa0\x80|\xc0\xaf|\xf4\x90\x80\x80"); /* a surrogate, an overlong '/', above U+10FFFF */
    psh__json_string(&text, "\xe2\x82\xac\xf0\x9f\x98\x80");
    psh__text_puts(&text, "|");
    psh__json_string(&text, "\xe0\x9f\xbf"); /* overlong too */
    expect_text(&text, "\"a\xef\xbf\xbd\xef\xbf\xbd\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|"
                       "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\xe2\x82\xac\xf0\x9f\x98\x80\"|"
                       "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void json_numbers_are_numbers(void **state) {
    psh__text text = {0};
    psh__text_puts(&text, "{");
    psh__json_set_number(&text, "a", 0.1 + 0.2);
    psh__json_set_number(&text, "b", NAN);
    psh__json_set_number(&text, "c", -INFINITY);
    psh__json_set_number(&text, "d", -0.0);
    psh__json_set_number(&text, "e", 1e300);
    psh__json_set_integer(&text, "f", INT64_MIN);
    psh__text_puts(&text, "}");
    expect_text(&text, "{\"a\":0.3,\"b\":null,\"c\":null,\"d\":0,\"e\":1e+300,\"f\":-9223372036854775808}");
}

static void byte_blocks_of_any_length_survive(void **state) {
    uint8_t bytes[300], back[300];
    for (size_t n_bytes = 0; n_bytes < sizeof bytes; n_bytes++) {
        psh__text text = {0};
        for (size_t i = 0; i < n_bytes; i++) bytes[i] = (uint8_t)(i * i + n_bytes);
        psh__json_bytes(&text, bytes, n_bytes);
        assert_false(text.failed);
        json_t *block = json_loadb(text.bytes, text.n_bytes, JSON_DECODE_ANY, NULL);
        assert_int_equal(bytes_of(block, back, sizeof back), n_bytes);
        assert_memory_equal(back, bytes, n_bytes);
        json_decref(block);
        psh__text_free(&text);
    }
}

/* --- Groups, choice, examples ------------------------------------------------------------------------------------- */

static void groups_come_largest_first_and_hold_everyone_once(void **state) {
    const int64_t values[] = {5, -1, 9, 5, 9, 7, 5};
    const int64_t expected_values[] = {5, 9, -1, 7};
    const uint32_t expected_of[] = {0, 2, 1, 0, 1, 3, 0}, expected_members[] = {0, 3, 6, 2, 4, 1, 5};
    psh__groups groups;
    assert_int_equal(psh__groups_create(values, 7, &groups, NULL), PSH_OK);
    assert_int_equal(groups.n_groups, 4);
    assert_memory_equal(groups.values, expected_values, sizeof expected_values);
    assert_memory_equal(groups.of, expected_of, sizeof expected_of);
    assert_memory_equal(groups.members, expected_members, sizeof expected_members);
    assert_int_equal(psh__groups_size(&groups, 0), 3);
    psh__groups_free(&groups);
}

static void every_beginning_of_the_choice_is_spread_over_groups(void **state) {
    parts p;
    psh__gathered gathered;
    psh__chosen chosen;
    parts_make(&p, "a", "b");
    assert_int_equal(psh__gather(&p.params, &gathered, NULL), PSH_OK);
    assert_int_equal(psh__chosen_create(N, &chosen, NULL), PSH_OK);
    psh__chosen_add(&chosen, 3);
    psh__chosen_add(&chosen, 3);
    assert_int_equal(psh__chosen_add_spread(&gathered, &chosen, NULL), PSH_OK);
    assert_int_equal(chosen.n_rows, N);
    assert_int_equal(chosen.rows[0], 3);
    size_t n_small = 0;
    bool seen[N] = {0};
    for (size_t i = 0; i < N; i++) {
        assert_false(seen[chosen.rows[i]]);
        seen[chosen.rows[i]] = true;
        if (i < 7) n_small += gathered.clusters.of[chosen.rows[i]] == 2; /* the cluster of two items */
    }
    assert_int_equal(n_small, 2);
    psh__chosen_free(&chosen);
    psh__gathered_free(&gathered);
    parts_free(&p);
}

/* Sums of distances from their definition. */
static void the_medoid_has_the_least_sum_of_distances(void **state) {
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (int n_bits = 1; n_bits <= 200; n_bits += 11) {
        const size_t n_codes = 30, n_bytes = (size_t)(n_bits + 7) / 8;
        uint8_t bytes[30 * 25];
        int64_t zeros[30] = {0};
        for (size_t i = 0; i < n_codes * n_bytes; i++) bytes[i] = (uint8_t)psh__random_u64(&rng);
        for (size_t i = 0; n_bits % 8 && i < n_codes; i++)
            bytes[(i + 1) * n_bytes - 1] &= (uint8_t)((1u << n_bits % 8) - 1);
        psh_codes *codes = make_codes(n_codes, bytes, n_bits);
        psh__groups groups;
        psh__example_group examples[PSH__EXAMPLES_MAX_GROUPS];
        size_t n_groups;
        assert_int_equal(psh__groups_create(zeros, n_codes, &groups, NULL), PSH_OK);
        assert_int_equal(psh__examples_choose(&groups, codes, examples, &n_groups, NULL), PSH_OK);
        size_t least = SIZE_MAX, medoid = 0, farthest = 0;
        for (size_t i = 0; i < n_codes; i++) {
            size_t sum = 0;
            for (size_t j = 0; j < n_codes; j++)
                for (size_t b = 0; b < n_bytes; b++)
                    sum += (size_t)__builtin_popcount(bytes[i * n_bytes + b] ^ bytes[j * n_bytes + b]);
            if (sum < least) least = sum, medoid = i;
        }
        for (size_t j = 0; j < n_codes; j++) {
            size_t distance = psh__codes_distance(bytes + medoid * n_bytes, bytes + j * n_bytes, n_bytes);
            if (distance > farthest) farthest = distance;
        }
        assert_int_equal(n_groups, 1);
        assert_int_equal(examples[0].n_examples, PSH__EXAMPLES_MAX_EACH);
        assert_int_equal(examples[0].rows[0], medoid);
        assert_int_equal(examples[0].distances[0], 0);
        assert_int_equal(examples[0].distances[PSH__EXAMPLES_MAX_EACH - 1], farthest);
        assert_true(fabs(examples[0].mean_distance - (double)least / (double)n_codes) < 1e-12);
        psh__groups_free(&groups);
        psh_codes_free(codes);
    }
}

static void distinct_codes_are_counted(void **state) {
    const uint8_t bytes[] = {1, 0, 2, 0, 1, 0, 0, 0, 2, 0, 1, 1};
    psh_codes *codes = make_codes(6, bytes, 16);
    size_t n_distinct;
    assert_int_equal(psh__codes_n_distinct(codes, &n_distinct, NULL), PSH_OK);
    assert_int_equal(n_distinct, 4);
    psh_codes_free(codes);
}

/* --- Agreement ---------------------------------------------------------------------------------------------------- */

/* Codes of k ones for item k: Hamming distance |i - j|, which the exact distances follow but for one pair. */
static void agreement_is_measured_and_its_worst_pair_found(void **state) {
    uint8_t bytes[12 * 2] = {0};
    const size_t rows[12] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    psh_distances *exact;
    psh__gathered gathered;
    psh__agreement agreement;
    for (size_t i = 0; i < 12; i++)
        for (size_t b = 0; b < i; b++) bytes[2 * i + b / 8] |= (uint8_t)(1u << b % 8);
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 12, &exact, NULL), PSH_OK);
    double *values = psh_distances_data(exact);
    for (size_t i = 0, p = 0; i < 12; i++)
        for (size_t j = i + 1; j < 12; j++) values[p++] = 0.5 * (double)(j - i);
    psh_report_params params = PSH_PARAMS(psh_report_params);
    params.codes = make_codes(12, bytes, 12), params.exact = exact, params.exact_rows = rows;

    assert_int_equal(psh__gather(&params, &gathered, NULL), PSH_OK);
    assert_int_equal(psh__agreement_compute(&gathered, &agreement, NULL), PSH_OK);
    assert_int_equal(agreement.n_used, 66);
    assert_true(fabs(agreement.spearman - 1) < 1e-12 && fabs(agreement.pearson - 1) < 1e-12);
    assert_int_equal(agreement.n_too_far + agreement.n_too_near, 0);
    psh__agreement_free(&agreement);

    values[0] = INFINITY; /* samples 0 and 1 */
    values[1] = 100;      /* samples 0 and 2, rows 11 and 9: 2 bits apart */
    assert_int_equal(psh__agreement_compute(&gathered, &agreement, NULL), PSH_OK);
    assert_int_equal(agreement.n_used, 65);
    assert_int_equal(agreement.n_infinite, 1);
    assert_true(agreement.pearson < 1);
    assert_true(agreement.n_too_near >= 1);
    assert_int_equal(agreement.too_near[0].rows[0], 11);
    assert_int_equal(agreement.too_near[0].rows[1], 9);
    assert_int_equal(agreement.too_near[0].code_distance, 2);
    psh__agreement_free(&agreement);

    for (size_t p = 0; p < 66; p++) values[p] = 3; /* no correlation with a constant */
    assert_int_equal(psh__agreement_compute(&gathered, &agreement, NULL), PSH_OK);
    assert_true(isnan(agreement.spearman) && isnan(agreement.pearson));
    psh__agreement_free(&agreement);
    psh__gathered_free(&gathered);
    psh_codes_free((psh_codes *)(uintptr_t)params.codes);
    psh_distances_free(exact);
}

/* --- Pictures ----------------------------------------------------------------------------------------------------- */

static void the_sprite_holds_the_images(void **state) {
    parts p;
    psh__sprite sprite;
    uint32_t rows[] = {5, 0, 39};
    parts_make(&p, "a", "b");
    assert_int_equal(psh__sprite_create(p.input, rows, 3, 64, 2, NULL, &sprite, NULL), PSH_OK);
    assert_int_equal(sprite.cell_width, 10);
    assert_int_equal(sprite.cell_height, 12);
    assert_int_equal(sprite.n_columns, 2);
    png_image png = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&png, sprite.png, sprite.n_bytes));
    png.format = PNG_FORMAT_GRAY;
    uint8_t sheet[24 * 20];
    assert_int_equal(png.width, 20);
    assert_int_equal(png.height, 24);
    assert_true(png_image_finish_read(&png, NULL, sheet, 0, NULL));
    for (size_t i = 0; i < 3; i++) {
        psh_image *image;
        assert_int_equal(psh_input_read(p.input, rows[i], &image, NULL), PSH_OK);
        const uint8_t *pixels = psh_image_pixels(image);
        for (size_t y = 0; y < 12; y++)
            for (size_t x = 0; x < 10; x++) /* 64 levels: a step of 4 */
                assert_in_range(sheet[(i / 2 * 12 + y) * 20 + i % 2 * 10 + x] + 4 - pixels[y * 10 + x], 1, 6);
        psh_image_free(image);
    }
    psh__sprite_free(&sprite);
    parts_free(&p);
}

static void large_images_are_scaled_down_and_other_types_stretched(void **state) {
    const size_t shape[3] = {2, 300, 200};
    float *pixels = malloc(2 * 300 * 200 * sizeof *pixels);
    for (size_t i = 0; i < 2 * 300 * 200; i++) pixels[i] = i % 200 < 100 ? 1e5f : 1.01e5f;
    const char *const path = "test_report_fields.npy";
    assert_int_equal(psh__npy_write(path, "<f4", shape, 3, pixels, 2 * 300 * 200 * sizeof *pixels, NULL), PSH_OK);
    psh_input *input;
    assert_int_equal(psh_input_open(&path, 1, NULL, &input, NULL), PSH_OK);
    size_t n_pictures, side;
    assert_int_equal(psh__sprite_plan(input, 2, 0, &n_pictures, &side, NULL), PSH_OK);
    assert_int_equal(n_pictures, 2);
    const uint32_t rows[] = {0, 1};
    psh__sprite sprite;
    assert_int_equal(psh__sprite_create(input, rows, 2, side, 1, NULL, &sprite, NULL), PSH_OK);
    assert_int_equal(sprite.cell_height, side);
    assert_int_equal(sprite.sides[0], (side * 2 + 1) / 3);
    assert_int_equal(sprite.greatest_shape[0], 300);
    assert_true(sprite.is_stretched);
    png_image png = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&png, sprite.png, sprite.n_bytes));
    png.format = PNG_FORMAT_GRAY;
    uint8_t *sheet = malloc((size_t)png.width * png.height);
    assert_true(png_image_finish_read(&png, NULL, sheet, 0, NULL));
    assert_int_equal(sheet[0], 0);
    assert_int_equal(sheet[sprite.sides[0] - 1], 255);
    free(sheet), free(pixels);
    psh__sprite_free(&sprite);
    psh_input_free(input);
    unlink(path);
}

/* --- Whole pages -------------------------------------------------------------------------------------------------- */

static void a_full_page_has_all_parts(void **state) {
    parts p;
    parts_make(&p, "dir/item", "label");
    p.params.title = "My page", p.params.commands = "persihash demo";
    json_t *data = write_and_read(&p.params);
    const char *const keys[] = {"names", "map",      "clusters", "labels",   "examples", "scores",
                                "elbow", "codes",    "pictures", "diagrams", "values",   "agreement",
                                "meta",  "commands", "title",    "tool",     "n_items",  "logs"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!json_object_get(data, keys[i])) fail_msg("no %s", keys[i]);
    assert_null(json_object_get(data, "date"));
    assert_int_equal(integer_of(data, "n_items"), N);
    assert_int_equal(integer_of(json_object_get(data, "elbow"), "k"), 3);
    assert_string_equal(json_string_value(json_object_get(json_object_get(data, "names"), "prefix")), "dir/");
    json_t *x = json_object_get(json_object_get(data, "map"), "x");
    assert_int_equal(json_array_size(x), N);
    assert_true(json_number_value(json_array_get(x, 7)) == 7);
    uint8_t codes[N * 8 + 1];
    assert_int_equal(bytes_of(json_object_get(json_object_get(data, "codes"), "bytes"), codes, sizeof codes), N * 8);
    assert_memory_equal(codes, psh_codes_data(p.codes), N * 8);
    json_decref(data);
    char *page = read_file(PAGE, NULL);
    assert_non_null(strstr(page, "<title>My page</title>"));
    for (const char *at = page; (at = strstr(at, "{{")); at++) /* plotly has some of its own */
        assert_false(strncmp(at, "{{title}}", 9) == 0 || strncmp(at, "{{css}}", 7) == 0 ||
                     strncmp(at, "{{data}}", 8) == 0 || strncmp(at, "{{js}}", 6) == 0 ||
                     strncmp(at, "{{plotly}}", 10) == 0);
    free(page);
    parts_free(&p);
}

static void diagrams_travel_as_steps_of_their_window(void **state) {
    const double first[] = {0, 0.5, 0.25, 1, 0.25, 1.0001, 0.5, INFINITY}, second[] = {0, 2};
    const int32_t dims[] = {0, 1, 1, 0};
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, first, dims, 4, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, second, NULL, 1, NULL, -1, NULL), PSH_OK);
    psh_report_params params = PSH_PARAMS(psh_report_params);
    params.diagrams = set;
    json_t *data = write_and_read(&params), *diagrams = json_object_get(data, "diagrams");
    uint8_t births[9], deaths[9], n_runs[9];
    uint32_t runs[9];
    const uint32_t expected_runs[] = {2, 1 << 24 | 1, 1}; /* (0.25, 1) and (0.25, 1.0001) fall on one step */
    const uint8_t expected_births[] = {0, 64, 32, 0}, expected_deaths[] = {64, 255, 127, 254},
                  expected_n_runs[] = {2, 0, 1};
    assert_int_equal(bytes_of(json_object_get(diagrams, "runs"), (uint8_t *)runs, sizeof runs), 12);
    assert_int_equal(bytes_of(json_object_get(diagrams, "births"), births, 9), 4);
    assert_int_equal(bytes_of(json_object_get(diagrams, "deaths"), deaths, 9), 4);
    assert_int_equal(bytes_of(json_object_get(diagrams, "n_runs"), n_runs, 9), 3);
    assert_memory_equal(runs, expected_runs, 12);
    assert_memory_equal(births, expected_births, 4);
    assert_memory_equal(deaths, expected_deaths, 4);
    assert_memory_equal(n_runs, expected_n_runs, 3);
    assert_true(json_number_value(json_object_get(diagrams, "hi")) == 2);
    assert_int_equal(integer_of(diagrams, "n_most"), 0);
    json_t *persistence = json_object_get(json_object_get(data, "values"), "persistence");
    assert_true(json_number_value(json_array_get(persistence, 0)) == 2); /* 0.5 + 0.75 + 0.7501, four digits; not inf */
    json_decref(data);
    psh_diagrams_free(set);
    unlink(PAGE);
}

static void one_odd_diagram_does_not_squeeze_the_others(void **state) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (int i = 0; i < 40; i++) {
        const double points[] = {0, i == 17 ? 1e9 : 1};
        assert_int_equal(psh_diagrams_append(set, points, NULL, 1, NULL, -1, NULL), PSH_OK);
    }
    psh_report_params params = PSH_PARAMS(psh_report_params);
    params.diagrams = set;
    json_t *data = write_and_read(&params), *diagrams = json_object_get(data, "diagrams");
    assert_true(json_number_value(json_object_get(diagrams, "hi")) == 1);
    assert_int_equal(integer_of(diagrams, "n_beyond"), 1);
    json_decref(data);
    psh_diagrams_free(set);
    unlink(PAGE);
}

static void windows_of_extreme_coordinates_are_finite(void **state) {
    const double cases[][2] = {{0, 0}, {1e300, 1e300}, {-1.7e308, 1.7e308}, {5e-324, 5e-324}, {-3, -3}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        psh_diagrams *set;
        assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
        assert_int_equal(psh_diagrams_append(set, cases[c], NULL, 1, NULL, -1, NULL), PSH_OK);
        psh_report_params params = PSH_PARAMS(psh_report_params);
        params.diagrams = set;
        json_t *data = write_and_read(&params), *diagrams = json_object_get(data, "diagrams");
        double lo = json_number_value(json_object_get(diagrams, "lo")),
               hi = json_number_value(json_object_get(diagrams, "hi"));
        assert_true(json_is_number(json_object_get(diagrams, "lo")) && lo < hi);
        json_decref(data);
        psh_diagrams_free(set);
    }
    unlink(PAGE);
}

static void hostile_texts_stay_texts(void **state) {
    const char *const hostile = "</script><script>alert(1)</script><!--\"'&\xff";
    parts p;
    parts_make(&p, hostile, hostile);
    const char *files[] = {hostile};
    p.params.title = p.params.commands = p.params.date = hostile;
    p.params.files = files, p.params.n_files = 1;
    json_t *data = write_and_read(&p.params);
    const char *read_back = json_string_value(json_object_get(data, "title"));
    assert_string_equal(read_back, "</script><script>alert(1)</script><!--\"'&\xef\xbf\xbd");
    json_decref(data);
    char *page = read_file(PAGE, NULL);
    assert_null(strstr(page, "<script>alert"));
    assert_null(strstr(page, "alert(1)</script"));
    size_t n_ends = 0;
    for (const char *at = page; (at = strstr(at, "</script")); at++) n_ends++;
    assert_int_equal(n_ends, 4); /* data, page.js, plotly, the call that draws */
    free(page);
    parts_free(&p);
}

static void any_one_part_is_enough(void **state) {
    parts p;
    parts_make(&p, "", "b");
    for (int part = 0; part < 4; part++) {
        psh_report_params params = PSH_PARAMS(psh_report_params);
        if (part == 0) params.codes = p.codes;
        if (part == 1) params.diagrams = p.diagrams;
        if (part == 2) params.clusters = p.clusters;
        if (part == 3) params.input = p.input;
        json_t *data = write_and_read(&params);
        assert_int_equal(integer_of(data, "n_items"), N);
        assert_true(!!json_object_get(data, "map") == (part == 0));
        json_decref(data);
    }
    parts_free(&p);
}

static void logs_make_a_page_without_items(void **state) {
    parts p;
    double map[2] = {NAN, NAN};
    parts_make(&p, "a", "b");
    psh_report_params params = PSH_PARAMS(psh_report_params);
    params.logs = p.logs, params.n_logs = 2, params.xy = map;
    json_t *data = write_and_read(&params), *logs = json_object_get(data, "logs");
    assert_int_equal(integer_of(data, "n_items"), 0);
    const char *const absent[] = {"map", "names", "codes", "clusters", "labels", "examples", "diagrams", "agreement"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) assert_null(json_object_get(data, absent[i]));
    assert_int_equal(json_array_size(logs), 2);
    json_t *first = json_array_get(logs, 0), *second = json_array_get(logs, 1);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "test_report_a.csv");
    assert_string_equal(json_string_value(json_object_get(second, "name")), "test_report_b.csv");
    assert_true(json_number_value(json_array_get(json_object_get(first, "spearman"), 1)) == 0.5);
    assert_true(json_is_null(json_array_get(json_object_get(second, "spearman"), 0)));
    json_decref(data);

    const char *const twice[] = {"test_report_a.csv", "./test_report_a.csv"}; /* told apart by their folders */
    params.logs = twice;
    data = write_and_read(&params), logs = json_object_get(data, "logs");
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(logs, i), "name")), twice[i]);
    json_decref(data);
    parts_free(&p);
}

static void pages_of_one_and_two_items(void **state) {
    const uint8_t bytes[] = {1, 2};
    for (size_t n_items = 1; n_items <= 2; n_items++) {
        const int64_t labels[2] = {0, 1};
        psh_report_params params = PSH_PARAMS(psh_report_params);
        psh_clusters *clusters;
        assert_int_equal(psh_clusters_create(labels, n_items, NULL, NULL, 0, &clusters, NULL), PSH_OK);
        params.codes = make_codes(n_items, bytes, 8), params.clusters = clusters;
        json_t *data = write_and_read(&params);
        assert_int_equal(json_array_size(json_object_get(json_object_get(data, "map"), "x")), n_items);
        json_decref(data);
        psh_codes_free((psh_codes *)(uintptr_t)params.codes);
        psh_clusters_free(clusters);
    }
    unlink(PAGE);
}

/* A program built against an older header gives a shorter struct: the members that it lacks are defaults. */
static void an_older_callers_struct_is_understood(void **state) {
    parts p;
    parts_make(&p, "a", "b");
    p.params.struct_bytes = offsetof(psh_report_params, files);
    p.params.date = "not there for this caller";
    json_t *data = write_and_read(&p.params);
    assert_null(json_object_get(data, "date"));
    json_decref(data);
    parts_free(&p);
}

static void same_bytes_for_any_number_of_threads(void **state) {
    parts p;
    size_t n_first, n_other;
    parts_make(&p, "a", "b");
    p.params.xy = NULL, p.params.n_thumbnails = 25;
    for (p.params.n_threads = 1; p.params.n_threads <= 4; p.params.n_threads++) {
        json_decref(write_and_read(&p.params));
        if (p.params.n_threads == 1) assert_int_equal(rename(PAGE, "first.html"), 0);
    }
    char *first = read_file("first.html", &n_first), *other = read_file(PAGE, &n_other);
    assert_int_equal(n_first, n_other);
    assert_memory_equal(first, other, n_first);
    free(first), free(other);
    unlink("first.html");
    parts_free(&p);
}

static void fewer_thumbnails_on_request(void **state) {
    parts p;
    parts_make(&p, "a", "b");
    p.params.n_thumbnails = 12;
    json_t *data = write_and_read(&p.params), *pictures = json_object_get(data, "pictures");
    json_t *items = json_object_get(pictures, "items");
    assert_int_equal(json_array_size(items), 12);
    for (size_t i = 1; i < 12; i++)
        assert_true(json_integer_value(json_array_get(items, i - 1)) < json_integer_value(json_array_get(items, i)));
    json_decref(data);
    parts_free(&p);
}

/* More items than a page keeps: the rest is left out, what it must show is not. */
static void a_huge_set_is_thinned(void **state) {
    const size_t n_items = 60000;
    uint8_t *bytes = malloc(n_items);
    int64_t *labels = calloc(n_items, sizeof *labels);
    double *xy = calloc(n_items, 2 * sizeof *xy);
    for (size_t i = 0; i < n_items; i++)
        bytes[i] = (uint8_t)(i * 7), labels[i] = i == n_items - 1, xy[2 * i] = (double)(i % 1000);
    psh_clusters *clusters;
    assert_int_equal(psh_clusters_create(labels, n_items, NULL, NULL, 0, &clusters, NULL), PSH_OK);
    psh_report_params params = PSH_PARAMS(psh_report_params);
    params.codes = make_codes(n_items, bytes, 8), params.clusters = clusters, params.xy = xy;
    json_t *data = write_and_read(&params), *rows = json_object_get(data, "rows");
    assert_int_equal(integer_of(data, "n_rows"), n_items);
    assert_int_equal(integer_of(data, "n_items"), 50000);
    assert_int_equal(json_array_size(rows), 50000);
    assert_int_equal(json_integer_value(json_array_get(rows, 49999)), n_items - 1); /* the cluster of one */
    uint8_t *kept = malloc(50000);
    assert_int_equal(bytes_of(json_object_get(json_object_get(data, "codes"), "bytes"), kept, 50000), 50000);
    json_t *x = json_object_get(json_object_get(data, "map"), "x");
    for (size_t i = 0; i < 50000; i++) {
        json_int_t row = json_integer_value(json_array_get(rows, i));
        assert_int_equal(kept[i], bytes[row]);
        assert_int_equal(lround(json_number_value(json_array_get(x, i))), row % 1000);
    }
    free(kept);
    json_decref(data);
    psh_codes_free((psh_codes *)(uintptr_t)params.codes);
    psh_clusters_free(clusters);
    free(bytes), free(labels), free(xy);
    unlink(PAGE);
}

/* --- Faults ------------------------------------------------------------------------------------------------------- */

static void expect_fault(const psh_report_params *params, psh_status expected, const char *in_text) {
    psh_error err = {0};
    assert_int_equal(psh_report_write(params, PAGE, &err), expected);
    if (!strstr(err.text, in_text)) fail_msg("\"%s\" is not in \"%s\"", in_text, err.text);
    assert_int_not_equal(access(PAGE, F_OK), 0);
}

static void parts_that_do_not_fit_are_refused_with_their_numbers(void **state) {
    parts p;
    const uint8_t bytes[5] = {0};
    parts_make(&p, "a", "b");
    psh_report_params params = p.params;
    params.codes = make_codes(5, bytes, 8);
    expect_fault(&params, PSH_ERR_SHAPE, "5 codes, but 40 diagrams");
    psh_codes_free((psh_codes *)(uintptr_t)params.codes);

    psh_diagrams *empty;
    assert_int_equal(psh_diagrams_create(&empty, NULL), PSH_OK);
    params = PSH_PARAMS(psh_report_params);
    expect_fault(&params, PSH_ERR_EMPTY, "nothing to report");
    params.diagrams = empty;
    expect_fault(&params, PSH_ERR_EMPTY, "0 diagrams");
    psh_diagrams_free(empty);

    size_t rows[10] = {0, 1, 2, 40};
    params = p.params;
    params.exact_rows = rows;
    expect_fault(&params, PSH_ERR_SHAPE, "row 40");
    psh_distances *more;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_U8, N + 1, &more, NULL), PSH_OK);
    params = p.params;
    params.exact = more;
    expect_fault(&params, PSH_ERR_SHAPE, "41 items, but the report has 40");
    psh_distances_free(more);

    params = PSH_PARAMS(psh_report_params);
    params.exact = p.exact, params.logs = p.logs, params.n_logs = 2; /* nothing to compare them with */
    expect_fault(&params, PSH_ERR_EMPTY, "nothing to report");
    p.logs[1] = "no/such.csv";
    expect_fault(&p.params, PSH_ERR_FILE_NOT_FOUND, "no/such.csv");
    p.logs[1] = "test_report_images.npy";
    expect_fault(&p.params, PSH_ERR_FORMAT, "test_report_images.npy: line 1: no column is called 'epoch'");
    p.logs[1] = "./test_report_b.csv";

    p.xy[5] = NAN;
    expect_fault(&p.params, PSH_ERR_NOT_FINITE, "row 2, column 1");
    parts_free(&p);
}

static void a_page_that_cannot_be_written_is_a_clear_error(void **state) {
    parts p;
    psh_error err = {0};
    parts_make(&p, "a", "b");
    assert_int_equal(psh_report_write(&p.params, "no/such/folder/page.html", &err), PSH_ERR_FILE_WRITE);
    assert_non_null(strstr(err.text, "no/such/folder/page.html"));
    parts_free(&p);
}

static bool stop_at_once(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return false;
}

static void a_stopped_report_leaves_no_file(void **state) {
    parts p;
    parts_make(&p, "a", "b");
    const psh_progress progress = {stop_at_once, NULL};
    p.params.progress = &progress;
    expect_fault(&p.params, PSH_ERR_INTERRUPTED, "");
    parts_free(&p);
}

static void any_allocation_may_fail(void **state) {
    parts p;
    psh_error err;
    parts_make(&p, "a", "b");
    p.params.n_threads = 1;
    unsigned long n = 1;
    for (;; n++) {
        psh__alloc_fail_at(n);
        psh_status status = psh_report_write(&p.params, PAGE, &err);
        psh__alloc_fail_at(0);
        if (status == PSH_OK) break;
        if (status != PSH_ERR_MEMORY) fail_msg("allocation %lu: %s", n, err.text);
        assert_int_not_equal(access(PAGE, F_OK), 0);
    }
    assert_true(n > 50);
    parts_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_escapes_what_html_would_read),
        cmocka_unit_test(json_strings_cannot_end_a_script),
        cmocka_unit_test(bytes_that_are_no_utf8_become_replacement_characters),
        cmocka_unit_test(json_numbers_are_numbers),
        cmocka_unit_test(byte_blocks_of_any_length_survive),
        cmocka_unit_test(groups_come_largest_first_and_hold_everyone_once),
        cmocka_unit_test(every_beginning_of_the_choice_is_spread_over_groups),
        cmocka_unit_test(the_medoid_has_the_least_sum_of_distances),
        cmocka_unit_test(distinct_codes_are_counted),
        cmocka_unit_test(agreement_is_measured_and_its_worst_pair_found),
        cmocka_unit_test(the_sprite_holds_the_images),
        cmocka_unit_test(large_images_are_scaled_down_and_other_types_stretched),
        cmocka_unit_test(a_full_page_has_all_parts),
        cmocka_unit_test(diagrams_travel_as_steps_of_their_window),
        cmocka_unit_test(one_odd_diagram_does_not_squeeze_the_others),
        cmocka_unit_test(windows_of_extreme_coordinates_are_finite),
        cmocka_unit_test(hostile_texts_stay_texts),
        cmocka_unit_test(any_one_part_is_enough),
        cmocka_unit_test(logs_make_a_page_without_items),
        cmocka_unit_test(pages_of_one_and_two_items),
        cmocka_unit_test(an_older_callers_struct_is_understood),
        cmocka_unit_test(same_bytes_for_any_number_of_threads),
        cmocka_unit_test(fewer_thumbnails_on_request),
        cmocka_unit_test(a_huge_set_is_thinned),
        cmocka_unit_test(parts_that_do_not_fit_are_refused_with_their_numbers),
        cmocka_unit_test(a_page_that_cannot_be_written_is_a_clear_error),
        cmocka_unit_test(a_stopped_report_leaves_no_file),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
