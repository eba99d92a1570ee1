/* test_input.c : files, folders, globs and labels to lists of items, and reading them. Works in a folder of its own. */
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/array.h"
#include "persihash/input.h"

#define assert_text(error, part)                                                                                       \
    do {                                                                                                               \
        if (!strstr((error).text, part)) print_error("found: %s\n", (error).text);                                     \
        assert_non_null(strstr((error).text, part));                                                                   \
    } while (0)

/* --- A folder of its own --------------------------------------------------------------------------------------------
 */

static char home[] = "test_input_XXXXXX", start[4096];

static int enter(void **state) {
    return !getcwd(start, sizeof start) || !mkdtemp(home) || chdir(home) != 0;
}

static int leave(void **state) {
    char command[64];
    snprintf(command, sizeof command, "rm -r ./%s", home);
    return chdir(start) != 0 || system(command) != 0;
}

static void write_file(const char *path, const void *bytes, size_t n_bytes) {
    char folder[256];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        mkdir(folder, 0777);
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    fclose(file);
}

static void write_text(const char *path, const char *text) {
    write_file(path, text, strlen(text));
}

/* A 1 x 1 image of this grey. */
static void write_pixel(const char *path, int grey) {
    char text[32];
    snprintf(text, sizeof text, "P2 1 1 255 %d\n", grey);
    write_text(path, text);
}

static void write_gzip(const char *path, const void *bytes, unsigned n_bytes) {
    write_file(path, "", 0);
    gzFile file = gzopen(path, "wb");
    assert_int_equal(gzwrite(file, bytes, n_bytes), n_bytes);
    assert_int_equal(gzclose(file), Z_OK);
}

/* n images of 1 x 2: (0, 1), (2, 3), ... */
static size_t make_idx(uint8_t n, uint8_t dst[64]) {
    memcpy(dst, "\0\0\x08\3\0\0\0\0\0\0\0\1\0\0\0\2", 16);
    dst[7] = n;
    for (uint8_t i = 0; i < 2 * n; i++) dst[16 + i] = i;
    return 16 + 2u * n;
}

static psh_input *open_good(const char *const *paths, size_t n_paths, const psh_input_params *params) {
    psh_input *input = NULL;
    psh_error err = {0};
    if (psh_input_open(paths, n_paths, params, &input, &err) != PSH_OK) print_error("%s\n", err.text);
    assert_non_null(input);
    assert_int_equal(err.status, PSH_OK); /* written on failure only, files passed over included */
    return input;
}

static psh_input *open_one(const char *path) {
    return open_good(&path, 1, NULL);
}

static void assert_open_fails(const char *path, const psh_input_params *params, psh_status expected, const char *part) {
    psh_input *input = NULL;
    psh_error err = {0};
    assert_int_equal(psh_input_open(&path, 1, params, &input, &err), expected);
    assert_int_equal(err.status, expected);
    assert_text(err, part);
    assert_null(input);
}

static void assert_read_fails(const char *path, psh_status expected, const char *part) {
    psh_input *input = open_one(path);
    psh_image *image = NULL;
    psh_error err = {0};
    assert_int_equal(psh_input_read(input, 0, &image, &err), expected);
    assert_true(strncmp(err.text, path, strlen(path)) == 0); /* the text names the item first */
    assert_text(err, part);
    assert_null(image);
    psh_input_free(input);
}

static int first_pixel(const psh_input *input, size_t i_item) {
    psh_image *image = NULL;
    psh_error err = {0};
    if (psh_input_read(input, i_item, &image, &err) != PSH_OK) print_error("%s\n", err.text);
    assert_non_null(image);
    assert_int_equal(psh_image_dtype(image), PSH_U8);
    int pixel = *(const uint8_t *)psh_image_pixels(image);
    psh_image_free(image);
    return pixel;
}

static void assert_names(const psh_input *input, const char *const *names, size_t n_names) {
    assert_int_equal(psh_input_count(input), n_names);
    for (size_t i = 0; i < n_names; i++) assert_string_equal(psh_input_name(input, i), names[i]);
}
#define NAMES(...) ((const char *const[]){__VA_ARGS__}), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void assert_classes(const psh_input *input, const char *const *names, size_t n_names, const int *labels) {
    assert_int_equal(psh_input_n_classes(input), n_names);
    for (size_t i = 0; i < n_names; i++) assert_string_equal(psh_input_label_name(input, i), names[i]);
    for (size_t i = 0; i < psh_input_count(input); i++) assert_int_equal(psh_input_label(input, i), labels[i]);
}

/* --- Lists ----------------------------------------------------------------------------------------------------------
 */

static void test_a_folder_is_searched_to_any_depth_in_byte_order(void **state) {
    write_pixel("deep/b/z.pgm", 1);
    write_pixel("deep/b/a/y", 2); /* no ending: told by content */
    write_pixel("deep/B.pgm", 3);
    write_pixel("deep/b.pgm", 4);
    write_pixel("deep/.hidden.pgm", 5);
    write_pixel("deep/.hidden/x.pgm", 6);
    mkdir("deep/empty", 0777);
    static const char *const spellings[] = {"deep", "deep/", "deep//"};
    for (int i = 0; i < 3; i++) {
        psh_input *input = open_one(spellings[i]);
        assert_names(input, NAMES("deep/B.pgm", "deep/b.pgm", "deep/b/a/y", "deep/b/z.pgm"));
        assert_int_equal(psh_input_n_skipped(input), 0);
        assert_true(first_pixel(input, 0) == 3 && first_pixel(input, 1) == 4);
        assert_true(first_pixel(input, 2) == 2 && first_pixel(input, 3) == 1);
        psh_input_free(input);
    }
}

static void test_links_are_followed_but_not_in_circles(void **state) {
    write_pixel("links/in/a.pgm", 1);
    write_pixel("aside/b.pgm", 2);
    assert_int_equal(symlink("..", "links/in/up"), 0);
    assert_int_equal(symlink("../aside", "links/other"), 0);
    assert_int_equal(symlink("nowhere", "links/dangling"), 0);
    psh_input *input = open_one("links");
    assert_names(input, NAMES("links/in/a.pgm", "links/other/b.pgm"));
    assert_int_equal(psh_input_n_skipped(input), 1);
    psh_input_free(input);
    assert_int_equal(symlink("nowhere", "links/dangling.png"), 0);
    assert_open_fails("links", NULL, PSH_ERR_FILE_NOT_FOUND, "links/dangling.png: no such file");
}

static void test_files_that_are_no_images_are_passed_over_in_folders(void **state) {
    uint8_t idx[64];
    write_file("mixed/train-images", idx, make_idx(2, idx));
    write_file("mixed/train-labels-idx1-ubyte", "\0\0\x08\1\0\0\0\2\7\7", 10);
    write_text("mixed/README", "two images");
    write_text("mixed/nothing", "");
    write_gzip("mixed/notes.gz", "some text", 9);
    char head[256];
    size_t n_head = psh__npy_header("<i8", (size_t[]){2}, 1, head);
    memset(head + n_head, 0, 16);
    write_file("mixed/labels.npy", head, n_head + 16);
    psh_input *input = open_one("mixed");
    assert_names(input, NAMES("mixed/train-images[0]", "mixed/train-images[1]"));
    assert_int_equal(psh_input_n_skipped(input), 5);
    psh_input_free(input);
}

static void test_an_image_by_name_alone_is_an_error_in_a_folder(void **state) {
    write_pixel("broken/good.pgm", 1);
    write_text("broken/bad.png", "not a PNG at all\n");
    assert_open_fails("broken", NULL, PSH_ERR_FORMAT, "broken/bad.png: is plain text");
    write_text("broken/bad.png", "");
    assert_open_fails("broken", NULL, PSH_ERR_CORRUPT, "broken/bad.png: the file is empty");
}

static void test_globs_are_sorted_by_bytes_and_may_match_folders(void **state) {
    write_pixel("globs/b1.pgm", 1);
    write_pixel("globs/B2.pgm", 2);
    write_pixel("globs/c/x.pgm", 3);
    write_pixel("globs/[1].pgm", 4);
    psh_input *input = open_one("globs/[a-zA-Z]*");
    assert_names(input, NAMES("globs/B2.pgm", "globs/b1.pgm", "globs/c/x.pgm"));
    psh_input_free(input);
    input = open_one("globs/[1].pgm"); /* a path that exists is no glob */
    assert_names(input, NAMES("globs/[1].pgm"));
    psh_input_free(input);
    assert_open_fails("globs/*.jpg", NULL, PSH_ERR_FILE_NOT_FOUND, "globs/*.jpg: no file matches");
}

static void test_paths_keep_the_order_given_and_may_repeat(void **state) {
    uint8_t idx[64];
    write_pixel("given/a.pgm", 1);
    write_file("given/stack", idx, make_idx(3, idx));
    write_gzip("given/stack.gz", idx, (unsigned)make_idx(2, idx));
    static const char *const paths[] = {"given/stack", "given/a.pgm", "given/stack.gz", "given/a.pgm"};
    psh_input *input = open_good(paths, 4, NULL);
    assert_names(input, NAMES("given/stack[0]", "given/stack[1]", "given/stack[2]", "given/a.pgm", "given/stack.gz[0]",
                              "given/stack.gz[1]", "given/a.pgm"));
    static const int pixels[] = {0, 2, 4, 1, 0, 2, 1};
    for (size_t i = 0; i < 7; i++) assert_int_equal(first_pixel(input, i), pixels[i]);
    psh_input_free(input);
    psh_input_free(NULL);
}

static void test_images_may_be_gzipped(void **state) {
    write_gzip("zipped.pgm.gz", "P2 1 1 255 77", 13);
    psh_input *input = open_one("zipped.pgm.gz");
    assert_names(input, NAMES("zipped.pgm.gz"));
    assert_int_equal(first_pixel(input, 0), 77);
    psh_input_free(input);
}

static void test_npy_of_two_axes_is_one_image_and_of_three_a_stack(void **state) {
    char head[256 + 8];
    size_t n_head = psh__npy_header("|u1", (size_t[]){2, 2}, 2, head);
    memcpy(head + n_head, "abcd", 4);
    write_file("one.npy", head, n_head + 4);
    psh_input *input = open_one("one.npy");
    assert_names(input, NAMES("one.npy"));
    assert_int_equal(first_pixel(input, 0), 'a');
    psh_input_free(input);
    n_head = psh__npy_header("|u1", (size_t[]){2, 1, 2}, 3, head);
    memcpy(head + n_head, "abcd", 4);
    write_file("many.npy", head, n_head + 4);
    input = open_one("many.npy");
    assert_names(input, NAMES("many.npy[0]", "many.npy[1]"));
    assert_int_equal(first_pixel(input, 1), 'c');
    psh_input_free(input);
}

static void test_standard_input_is_read(void **state) {
    uint8_t idx[64];
    write_file("stream", idx, make_idx(2, idx));
    write_pixel("stream.pgm", 9);
    static const char *const files[] = {"stream", "stream.pgm"};
    for (int i = 0; i < 2; i++) {
        int saved = dup(STDIN_FILENO);
        assert_non_null(freopen(files[i], "rb", stdin));
        psh_input *input = open_one("-");
        if (i == 0)
            assert_names(input, NAMES("-[0]", "-[1]"));
        else
            assert_names(input, NAMES("-"));
        assert_int_equal(first_pixel(input, 0), i == 0 ? 0 : 9);
        assert_int_equal(first_pixel(input, 0), i == 0 ? 0 : 9); /* and again */
        psh_input_free(input);
        dup2(saved, STDIN_FILENO), close(saved);
    }
}

static void test_first_and_count_choose_a_part_across_files(void **state) {
    uint8_t idx[64];
    write_file("part/a", idx, make_idx(3, idx));
    write_file("part/b", idx, make_idx(3, idx));
    psh_input_params params = PSH_PARAMS(psh_input_params);
    const char *path = "part";
    params.first = 2, params.count = 2;
    psh_input *input = open_good(&path, 1, &params);
    assert_names(input, NAMES("part/a[2]", "part/b[0]"));
    assert_true(first_pixel(input, 0) == 4 && first_pixel(input, 1) == 0);
    psh_input_free(input);
    params.first = 5, params.count = 100; /* fewer if the list ends before */
    input = open_good(&path, 1, &params);
    assert_names(input, NAMES("part/b[2]"));
    psh_input_free(input);
    params.first = 6, params.count = 0;
    assert_open_fails("part", &params, PSH_ERR_EMPTY, "only 6");
    params.first = UINT64_MAX, params.count = UINT64_MAX;
    assert_open_fails("part", &params, PSH_ERR_EMPTY, "only 6");
}

/* --- Labels ---------------------------------------------------------------------------------------------------------
 */

static void test_folders_are_classes_if_there_are_two(void **state) {
    uint8_t idx[64];
    write_pixel("pets/train/cat/1.pgm", 1);
    write_pixel("pets/train/ant/1.pgm", 2);
    write_file("pets/test/cat/stack", idx, make_idx(2, idx));
    psh_input *input = open_one("pets");
    assert_classes(input, NAMES("ant", "cat"), (const int[]){1, 1, 0, 1});
    psh_input_free(input);
    input = open_one("pets/test");
    assert_classes(input, NULL, 0, (const int[]){-1, -1});
    psh_input_free(input);
    write_pixel("root.pgm", 3);
    static const char *const paths[] = {"pets//train//ant//1.pgm", "root.pgm"};
    input = open_good(paths, 2, NULL);
    assert_classes(input, NAMES(".", "ant"), (const int[]){1, 0});
    psh_input_free(input);
    write_pixel("numbers/10/a.pgm", 1); /* integers are classes by value: 9 before 10 */
    write_pixel("numbers/9/a.pgm", 1);
    input = open_one("numbers");
    assert_classes(input, NAMES("9", "10"), (const int[]){1, 0});
    psh_input_free(input);
}

static void assert_labels(const char *labels_path, const char *const *names, size_t n_names, const int *labels) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    const char *path = "labelled";
    params.labels_path = labels_path;
    psh_input *input = open_good(&path, 1, &params);
    assert_classes(input, names, n_names, labels);
    psh_input_free(input);
    params.first = 1, params.count = 2; /* classes stay those of the whole list */
    input = open_good(&path, 1, &params);
    assert_classes(input, names, n_names, labels + 1);
    psh_input_free(input);
}

static void make_labelled(void) {
    uint8_t idx[64];
    write_file("labelled", idx, make_idx(4, idx));
}

static void test_labels_from_any_file(void **state) {
    make_labelled();
    write_file("l.idx", "\0\0\x08\1\0\0\0\4\x0a\2\2\xff", 12);
    assert_labels("l.idx", NAMES("2", "10", "255"), (const int[]){1, 0, 0, 2});
    write_gzip("l.idx.gz", "\0\0\x08\1\0\0\0\4\x0a\2\2\xff", 12);
    assert_labels("l.idx.gz", NAMES("2", "10", "255"), (const int[]){1, 0, 0, 2});
    write_text("l.txt", "dog\ncat\r\n  cat \nDog\n\n");
    assert_labels("l.txt", NAMES("Dog", "cat", "dog"), (const int[]){2, 1, 1, 0});
    write_text("l.txt", "10\n9\n-1\n9"); /* no newline at the end */
    assert_labels("l.txt", NAMES("-1", "9", "10"), (const int[]){2, 1, 0, 1});
    write_text("l.txt", "10\n9\nx\n9\n"); /* not all integers: by bytes */
    assert_labels("l.txt", NAMES("10", "9", "x"), (const int[]){0, 1, 2, 1});
    char head[256 + 32];
    size_t n_head = psh__npy_header("<i4", (size_t[]){4}, 1, head);
    memcpy(head + n_head, "\xff\xff\xff\xff\5\0\0\0\0\0\1\0\5\0\0\0", 16);
    write_file("l.npy", head, n_head + 16);
    assert_labels("l.npy", NAMES("-1", "5", "65536"), (const int[]){0, 1, 2, 1});
    n_head = psh__npy_header("<U2", (size_t[]){4}, 1, head);
    memcpy(head + n_head, "b\0\0\0\0\0\0\0a\0\0\0b\0\0\0b\0\0\0\0\0\0\0a\0\0\0\0\0\0\0", 32);
    write_file("l.npy", head, n_head + 32);
    assert_labels("l.npy", NAMES("a", "ab", "b"), (const int[]){2, 1, 2, 0});
}

static void test_labels_that_do_not_fit_are_named(void **state) {
    make_labelled();
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.labels_path = "bad.txt";
    write_text("bad.txt", "a\nb\nc\n");
    assert_open_fails("labelled", &params, PSH_ERR_SHAPE, "bad.txt: 3 labels for 4 items");
    write_text("bad.txt", "");
    assert_open_fails("labelled", &params, PSH_ERR_SHAPE, "bad.txt: 0 labels for 4 items");
    write_text("bad.txt", "a\n\nb\nc\nd\n");
    assert_open_fails("labelled", &params, PSH_ERR_CORRUPT, "bad.txt: line 2 is empty");
    write_file("bad.txt", "a\0b", 3);
    assert_open_fails("labelled", &params, PSH_ERR_FORMAT, "expected labels");
    write_pixel("bad.txt", 1);
    assert_open_fails("labelled", &params, PSH_ERR_FORMAT, "is PGM, no labels");
    write_file("bad.txt", "\0\0\x08\2\0\0\0\2\0\0\0\2abcd", 16);
    assert_open_fails("labelled", &params, PSH_ERR_SHAPE, "2 axes");
    write_file("bad.txt", "\0\0\x08\1\0\0\0\4abc", 11);
    assert_open_fails("labelled", &params, PSH_ERR_CORRUPT, "truncated");
    params.labels_path = "nowhere.txt";
    assert_open_fails("labelled", &params, PSH_ERR_FILE_NOT_FOUND, "nowhere.txt: no such file");
}

/* --- Items of every kind --------------------------------------------------------------------------------------------
 */

static const char off_triangle[] = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n";

static psh_input_params params_of(psh_item_kind kind, size_t n_samples) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.kind = kind, params.n_samples = n_samples;
    return params;
}

/* Reads the first item; PSH_ITEM_AUTO if that fails. */
static psh_item_kind kind_of(const char *path, const psh_input_params *params, psh_error *err) {
    psh_input *input = open_good(&path, 1, params);
    psh_item item;
    *err = (psh_error){0};
    psh_item_kind kind = PSH_ITEM_AUTO;
    if (psh_input_read_item(input, 0, &item, err) == PSH_OK) {
        kind = item.kind;
        assert_int_equal(err->status, PSH_OK);
        psh_item_free(&item);
    }
    psh_input_free(input);
    return kind;
}

static void test_meshes_become_clouds_if_asked_or_if_they_have_no_faces(void **state) {
    psh_error err;
    psh_input_params params = params_of(PSH_ITEM_AUTO, 0);
    write_text("mesh.off", off_triangle);
    write_text("points.off", "OFF\n2 0 0\n0 0 0\n1 0 0\n");
    assert_int_equal(kind_of("mesh.off", &params, &err), PSH_ITEM_MESH);
    assert_int_equal(kind_of("points.off", &params, &err), PSH_ITEM_CLOUD);
    params.kind = PSH_ITEM_MESH;
    assert_int_equal(kind_of("points.off", &params, &err), PSH_ITEM_MESH);
    params.kind = PSH_ITEM_CLOUD;
    assert_int_equal(kind_of("mesh.off", &params, &err), PSH_ITEM_CLOUD);
    for (int kind = PSH_ITEM_AUTO; kind <= PSH_ITEM_MESH; kind++) {
        params = params_of((psh_item_kind)kind, 7);
        if (kind == PSH_ITEM_IMAGE || kind == PSH_ITEM_MATRIX)
            assert_open_fails("mesh.off", &params, PSH_ERR_PARAMETER, "mesh.off: OFF cannot be read as");
        else
            assert_int_equal(kind_of("mesh.off", &params, &err), PSH_ITEM_CLOUD);
    }
    assert_open_fails("mesh.off", &(psh_input_params){.struct_bytes = sizeof params, .kind = (psh_item_kind)5},
                      PSH_ERR_PARAMETER, "kind 5");
    const char *path = "mesh.off";
    psh_input *input = open_one(path);
    psh_image *image = NULL;
    assert_int_equal(psh_input_read(input, 0, &image, &err), PSH_ERR_FORMAT);
    assert_text(err, "mesh.off: is a mesh; expected an image");
    psh_input_free(input);
}

static void test_options_that_are_not_for_a_kind_are_refused(void **state) {
    psh_error err;
    psh_input_params params = params_of(PSH_ITEM_AUTO, 0);
    write_text("cloud.xyz", "0 0 1\n1 1 0\n");
    write_pixel("pixel.pgm", 1);
    params.smooth_sigma = 1;
    assert_int_equal(kind_of("cloud.xyz", &params, &err), PSH_ITEM_AUTO);
    assert_text(err, "cloud.xyz: scaling and smoothing are for images; this is a point cloud");
    params = params_of(PSH_ITEM_AUTO, 5);
    assert_int_equal(kind_of("pixel.pgm", &params, &err), PSH_ITEM_AUTO);
    assert_text(err, "pixel.pgm: sampling is for meshes and clouds; this is an image");
    assert_int_equal(kind_of("cloud.xyz", &params, &err), PSH_ITEM_CLOUD); /* fewer than 5: as it is */
    params = params_of(PSH_ITEM_AUTO, 0);
    params.field = "z";
    assert_open_fails("pixel.pgm", &params, PSH_ERR_PARAMETER, "PGM has no fields to choose 'z' from");
    write_text("mesh.off", off_triangle);
    assert_int_equal(kind_of("mesh.off", &params, &err), PSH_ITEM_MESH);
}

static void test_sampling_gives_so_many_points_the_same_for_a_seed(void **state) {
    write_text("mesh.off", off_triangle);
    write_text("line.csv", "x\n1\n2\n3\n4\n9\n");
    static const char *const paths[] = {"mesh.off", "line.csv"};
    for (int i = 0; i < 2; i++) {
        psh_item items[3];
        for (int k = 0; k < 3; k++) {
            psh_input_params params = params_of(PSH_ITEM_AUTO, 3);
            params.sample_seed = k / 2 ? 8 : 1;
            psh_input *input = open_good(&paths[i], 1, &params);
            assert_int_equal(psh_input_read_item(input, 0, &items[k], NULL), PSH_OK);
            assert_int_equal(psh_cloud_n_points(items[k].cloud), 3);
            psh_input_free(input);
        }
        size_t n_bytes = 24 * psh_cloud_n_axes(items[0].cloud);
        assert_memory_equal(psh_cloud_points(items[0].cloud), psh_cloud_points(items[1].cloud), n_bytes);
        assert_memory_not_equal(psh_cloud_points(items[0].cloud), psh_cloud_points(items[2].cloud), n_bytes);
        for (int k = 0; k < 3; k++) psh_item_free(&items[k]);
    }
}

static void test_folders_give_what_is_asked_for_and_pass_over_the_rest(void **state) {
    psh_input_params params = params_of(PSH_ITEM_AUTO, 0);
    const char *path = "kinds";
    write_pixel("kinds/a.pgm", 1);
    write_text("kinds/b.off", off_triangle);
    write_text("kinds/c.csv", "1 2 3\n4 5 6\n"); /* numbers beside images: not unless asked for */
    write_text("kinds/d.xyz", "1 2 3\n4 5 6\n");
    write_text("kinds/README", "three kinds");
    psh_input *input = open_good(&path, 1, &params);
    assert_names(input, NAMES("kinds/a.pgm", "kinds/b.off", "kinds/d.xyz"));
    assert_int_equal(psh_input_n_skipped(input), 2);
    psh_input_free(input);
    params.kind = PSH_ITEM_CLOUD;
    input = open_good(&path, 1, &params);
    assert_names(input, NAMES("kinds/b.off", "kinds/c.csv", "kinds/d.xyz"));
    psh_input_free(input);
    params.kind = PSH_ITEM_IMAGE;
    input = open_good(&path, 1, &params);
    assert_names(input, NAMES("kinds/a.pgm"));
    psh_input_free(input);
    params = params_of(PSH_ITEM_AUTO, 0);
    params.field = "z"; /* meshes have it */
    input = open_good(&path, 1, &params);
    assert_names(input, NAMES("kinds/b.off"));
    psh_input_free(input);
    write_text("kinds/e.off", "no mesh\n");
    assert_open_fails("kinds", NULL, PSH_ERR_FORMAT, "kinds/e.off: is plain text");
    write_text("only/a.txt", "1 2\n");
    params = params_of(PSH_ITEM_MESH, 0);
    assert_open_fails("only", &params, PSH_ERR_FILE_NOT_FOUND, "can be read as a mesh");
}

static void test_a_field_is_remembered_by_value(void **state) {
    char field[] = "z";
    psh_input_params params = PSH_PARAMS(psh_input_params);
    const char *path = "mesh.off";
    psh_item item;
    write_text(path, off_triangle);
    params.field = field;
    psh_input *input = open_good(&path, 1, &params);
    field[0] = '?';
    assert_int_equal(psh_input_read_item(input, 0, &item, NULL), PSH_OK);
    assert_non_null(psh_mesh_values(item.mesh));
    psh_item_free(&item);
    psh_input_free(input);
}

/* --- Reading --------------------------------------------------------------------------------------------------------
 */

static void test_read_scales_before_it_smooths(void **state) {
    char head[256 + 64];
    double values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    size_t n_head = psh__npy_header("<f8", (size_t[]){2, 4}, 2, head);
    memcpy(head + n_head, values, sizeof values);
    write_file("chain.npy", head, n_head + sizeof values);
    psh_input_params params = PSH_PARAMS(psh_input_params);
    const char *path = "chain.npy";
    params.scale_factor = 0.5, params.smooth_sigma = 0.5;
    psh_input *input = open_good(&path, 1, &params);
    psh_image *found = NULL, *image = NULL, *scaled = NULL, *expected = NULL;
    assert_int_equal(psh_input_read(input, 0, &found, NULL), PSH_OK);
    assert_int_equal(psh_image_create(PSH_F64, (size_t[]){1, 2, 4}, values, &image, NULL), PSH_OK);
    assert_int_equal(psh_image_scale(image, 0.5, &scaled, NULL), PSH_OK);
    assert_int_equal(psh_image_smooth(scaled, 0.5, &expected, NULL), PSH_OK);
    size_t shape[3];
    psh_image_shape(found, shape);
    assert_true(shape[0] == 1 && shape[1] == 1 && shape[2] == 2);
    assert_memory_equal(psh_image_pixels(found), psh_image_pixels(expected), 16);
    psh_image_free(found), psh_image_free(image), psh_image_free(scaled), psh_image_free(expected);
    psh_input_free(input);
    params.scale_factor = 100, params.smooth_sigma = 0;
    assert_open_fails("chain.npy", &params, PSH_ERR_PARAMETER, "scaling is 100");
    params.scale_factor = 0, params.smooth_sigma = NAN;
    assert_open_fails("chain.npy", &params, PSH_ERR_PARAMETER, "sigma of smoothing is");
}

static void test_older_callers_have_shorter_params(void **state) {
    struct {
        size_t struct_bytes;
        const char *labels_path;
        double sigma_beyond_the_old_struct;
    } old = {.struct_bytes = 16, .sigma_beyond_the_old_struct = -1};
    const char *path = "older.pgm";
    write_pixel(path, 1);
    psh_input_free(open_good(&path, 1, (const psh_input_params *)&old));
}

static void test_faults_are_named(void **state) {
    assert_open_fails("nowhere.png", NULL, PSH_ERR_FILE_NOT_FOUND, "nowhere.png: no such file");
    write_text("empty.png", "");
    assert_open_fails("empty.png", NULL, PSH_ERR_CORRUPT, "empty.png: the file is empty (0 bytes); expected PNG");
    write_text("text.png", "This is a text file.\n");
    assert_open_fails("text.png", NULL, PSH_ERR_FORMAT, "text.png: is plain text, which is not read; expected PNG");
    write_gzip("text.gz", "This is a text file.\n", 21);
    assert_open_fails("text.gz", NULL, PSH_ERR_FORMAT, "the content of the gzip file is plain text");
    mkdir("void", 0777);
    assert_open_fails("void", NULL, PSH_ERR_FILE_NOT_FOUND, "void: the folder holds no files");
    write_text("texts/a.txt", "a");
    assert_open_fails("texts", NULL, PSH_ERR_FILE_NOT_FOUND,
                      "texts: none of the folder's files can be read; expected PNG");
    write_text("zero.pgm", "P5 0 0 255\n");
    assert_read_fails("zero.pgm", PSH_ERR_SHAPE, "0 x 0 pixels is empty");
    write_text("short.pgm", "P5 2 2 255\nabc");
    assert_read_fails("short.pgm", PSH_ERR_CORRUPT, "4 pixels, 3 are there");
    char head[256 + 32];
    double values[4] = {0, 1, NAN, 3};
    size_t n_head = psh__npy_header("<f8", (size_t[]){2, 2}, 2, head);
    memcpy(head + n_head, values, sizeof values);
    write_file("nan.npy", head, n_head + sizeof values);
    assert_read_fails("nan.npy", PSH_ERR_NOT_FINITE, "pixel is NaN at row 1, column 0");
    n_head = psh__npy_header("<f8", (size_t[]){2, 1, 2}, 3, head);
    memcpy(head + n_head, values, sizeof values);
    write_file("nans.npy", head, n_head + sizeof values);
    psh_input *input = open_one("nans.npy");
    psh_image *image = NULL;
    psh_error err;
    assert_int_equal(psh_input_read(input, 1, &image, &err), PSH_ERR_NOT_FINITE);
    assert_text(err, "nans.npy[1]: pixel is NaN at row 0, column 0");
    psh_input_free(input);
    n_head = psh__npy_header("<f8", (size_t[]){0, 0}, 2, head);
    write_file("zero.npy", head, n_head);
    assert_open_fails("zero.npy", NULL, PSH_ERR_SHAPE, "zero.npy: an image of 0 x 0 pixels is empty");
    n_head = psh__npy_header("<f8", (size_t[]){0, 5, 5}, 3, head);
    write_file("none.npy", head, n_head);
    assert_open_fails("none.npy", NULL, PSH_ERR_EMPTY, "none.npy: array of 0 images");
    psh_input *none = NULL;
    assert_int_equal(psh_input_open(NULL, 0, NULL, &none, &err), PSH_ERR_EMPTY);
    assert_text(err, "no input");
}

static void test_a_file_that_changes_after_opening_is_noticed(void **state) {
    write_pixel("changing.pgm", 1);
    psh_input *input = open_one("changing.pgm");
    psh_image *image = NULL;
    psh_error err;
    write_text("changing.pgm", "now a text");
    assert_int_equal(psh_input_read(input, 0, &image, &err), PSH_ERR_CORRUPT);
    assert_text(err, "changing.pgm: the file has changed");
    assert_int_equal(unlink("changing.pgm"), 0);
    assert_int_equal(psh_input_read(input, 0, &image, &err), PSH_ERR_FILE_NOT_FOUND);
    psh_input_free(input);
}

static void test_threads_may_share_an_input(void **state) {
    uint8_t idx[64];
    write_gzip("shared/stack.gz", idx, (unsigned)make_idx(20, idx));
    write_pixel("shared/z.pgm", 50);
    psh_input *input = open_one("shared");
    int n_wrong = 0;
#pragma omp parallel for num_threads(4) reduction(+ : n_wrong)
    for (int i = 0; i < 21 * 50; i++) {
        psh_image *image = NULL;
        size_t i_item = (size_t)i % 21;
        if (psh_input_read(input, i_item, &image, NULL) != PSH_OK ||
            *(const uint8_t *)psh_image_pixels(image) != (i_item < 20 ? 2 * i_item : 50))
            n_wrong++;
        psh_image_free(image);
    }
    assert_int_equal(n_wrong, 0);
    psh_input_free(input);
}

/* --- Memory ---------------------------------------------------------------------------------------------------------
 */

static void test_any_allocation_may_fail(void **state) {
    uint8_t idx[64];
    write_pixel("memory/a/x.pgm", 1);
    write_pixel("memory/b/y.pgm", 2);
    write_gzip("memory/b/stack.gz", idx, (unsigned)make_idx(2, idx));
    write_text("memory.txt", "1\n2\n3\n3\n");
    write_file("memory.idx", "\0\0\x08\1\0\0\0\4abca", 12);
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.smooth_sigma = 1, params.scale_factor = 2;
    static const char *const labels[] = {NULL, "memory.txt", "memory.idx"};
    static const char *const paths[] = {"memory", "mem*"};
    for (int i = 0; i < 3; i++) {
        psh_status status = PSH_ERR_MEMORY;
        params.labels_path = labels[i];
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh_input *input = NULL;
            psh_image *image = NULL;
            psh_error err = {0};
            psh__alloc_fail_at(n);
            status = psh_input_open(paths, 1, &params, &input, &err);
            if (status == PSH_OK) status = psh_input_read(input, 0, &image, &err);
            psh__alloc_fail_at(0);
            if (status != PSH_OK) assert_int_equal(status, PSH_ERR_MEMORY);
            assert_true(n < 1000);
            psh_image_free(image), psh_input_free(input);
        }
    }
}

static void write_bundle(const char *path) {
    static const double points[12] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
    static const int64_t numbers[2] = {1, 0};
    static const uint32_t names[2] = {'b', 'a'};
    psh__npz_writer *writer = NULL;
    assert_int_equal(psh__npz_create(path, true, &writer, NULL), PSH_OK);
    assert_int_equal(psh__npz_add(writer, "clouds", "<f8", (size_t[]){2, 3, 2}, 3, points, 96, NULL), PSH_OK);
    assert_int_equal(psh__npz_add(writer, "labels", "<i8", (size_t[]){2}, 1, numbers, 16, NULL), PSH_OK);
    assert_int_equal(psh__npz_add(writer, "label_names", "<U1", (size_t[]){2}, 1, names, 8, NULL), PSH_OK);
    assert_int_equal(psh__npz_commit(writer, NULL), PSH_OK);
}

static void test_archives_bring_their_classes_if_all_files_do(void **state) {
    static const char *const paths[] = {"bundle/x.npz", "bundle/y.npz", "plain.xyz"};
    write_text("bundle/README", "clouds");
    write_bundle("bundle/x.npz");
    write_bundle("bundle/y.npz");
    write_text("plain.xyz", "1 2\n");
    psh_input *input = open_good(paths, 2, NULL);
    assert_names(input, NAMES("bundle/x.npz[0]", "bundle/x.npz[1]", "bundle/y.npz[0]", "bundle/y.npz[1]"));
    assert_classes(input, NAMES("a", "b"), (const int[]){0, 1, 0, 1});
    psh_input_free(input);
    input = open_good(paths, 3, NULL);
    assert_classes(input, NAMES(".", "bundle"), (const int[]){1, 1, 1, 1, 0});
    psh_input_free(input);
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.keeps_faults = true; /* one that cannot be opened does not take the others' classes away */
    write_text("bundle/y.npz", "PK cut off");
    input = open_good(paths, 2, &params);
    assert_int_equal(psh_input_count(input), 3);
    assert_int_equal(psh_input_n_classes(input), 2);
    assert_int_equal(psh_input_label(input, 0), 0);
    assert_int_equal(psh_input_label(input, 1), 1);
    psh_input_free(input);
}

static void test_any_allocation_may_fail_for_every_kind(void **state) {
    static const char *const paths[] = {"mesh.off", "mesh.off", "bundle.npz", "line.csv"};
    write_text("mesh.off", off_triangle);
    write_text("line.csv", "x\n1\n2\n3\n4\n9\n");
    write_bundle("bundle.npz");
    for (int i = 0; i < 4; i++) {
        psh_status status = PSH_ERR_MEMORY;
        psh_input_params params = params_of(PSH_ITEM_AUTO, i == 0 ? 0 : 2);
        if (i == 0) params.field = "z";
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh_input *input = NULL;
            psh_item item = {0};
            psh_error err = {0};
            psh__alloc_fail_at(n);
            status = psh_input_open(&paths[i], 1, &params, &input, &err);
            if (status == PSH_OK) status = psh_input_read_item(input, 0, &item, &err);
            psh__alloc_fail_at(0);
            if (status != PSH_OK) assert_int_equal(status, PSH_ERR_MEMORY);
            assert_int_equal(status, err.status);
            assert_true(n < 1000);
            psh_item_free(&item), psh_input_free(input);
        }
    }
}

/* 300 files, a stack and a note among them: one list, and one fault, whatever the number of threads. */
static void test_many_files_are_looked_at_by_any_number_of_threads(void **state) {
    enum { N = 300 };
    uint8_t idx[64];
    char path[64];
    const char *folder = "many";
    for (int i = 0; i < N; i++) {
        snprintf(path, sizeof path, "many/%03d.pgm", i);
        if (i % 50 == 7) snprintf(path, sizeof path, "many/%03d.idx3-ubyte", i);
        if (i % 50 == 9) snprintf(path, sizeof path, "many/%03d.notes", i);
        if (i % 50 == 7)
            write_file(path, idx, make_idx(3, idx));
        else if (i % 50 == 9)
            write_text(path, "not an image");
        else
            write_pixel(path, i % 256);
    }
    for (int bad = 0; bad < 2; bad++) {
        if (bad) write_text("many/211.pgm", "no image"), write_text("many/140.png", ""), write_text("many/260.jpg", "");
        for (int n_threads = 0; n_threads < 12; n_threads++) {
            psh_input_params params = PSH_PARAMS(psh_input_params);
            psh_input *input = NULL;
            psh_error err = {0};
            params.n_threads = n_threads;
            if (bad) {
                assert_int_equal(psh_input_open(&folder, 1, &params, &input, &err), PSH_ERR_CORRUPT);
                assert_text(err, "many/140.png");
                params.keeps_faults = true;
            }
            assert_int_equal(psh_input_open(&folder, 1, &params, &input, &err), PSH_OK);
            size_t n_skipped = N / 50, n_more = 2 * (N / 50), n_faults = 0;
            assert_int_equal(psh_input_n_skipped(input), n_skipped);
            assert_int_equal(psh_input_count(input), N - n_skipped + n_more + (bad ? 2 : 0));
            assert_string_equal(psh_input_name(input, 9), "many/007.idx3-ubyte[2]");
            for (size_t i = 0; i < psh_input_count(input); i++) {
                psh_item item = {0};
                if (i > 0) assert_true(strcmp(psh_input_name(input, i - 1), psh_input_name(input, i)) < 0);
                psh_input_read_ahead(input, i + 5);
                n_faults += psh_input_read_item(input, i, &item, &err) != PSH_OK;
                psh_item_free(&item);
            }
            assert_int_equal(n_faults, bad ? 3 : 0);
            psh_input_free(input);
        }
    }
}

/* Known by name, size and time of change. */
static void test_items_are_known_again(void **state) {
    const char *paths[] = {"known/a.pgm", "known/b.pgm"};
    uint64_t first[2], again[2];
    write_pixel(paths[0], 1), write_pixel(paths[1], 1);
    psh_input *input = open_good(paths, 2, NULL);
    for (size_t i = 0; i < 2; i++) assert_int_equal(psh_input_identify(input, i, &first[i], NULL), PSH_OK);
    assert_true(first[0] != first[1]);
    write_pixel(paths[1], 100); /* another size */
    for (size_t i = 0; i < 2; i++) assert_int_equal(psh_input_identify(input, i, &again[i], NULL), PSH_OK);
    assert_true(first[0] == again[0] && first[1] != again[1]);
    psh_error err = {0};
    unlink(paths[1]);
    assert_int_equal(psh_input_identify(input, 1, &again[1], &err), PSH_ERR_FILE_READ);
    assert_text(err, "known/b.pgm");
    psh_input_free(input);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_files_are_looked_at_by_any_number_of_threads),
        cmocka_unit_test(test_items_are_known_again),
        cmocka_unit_test(test_a_folder_is_searched_to_any_depth_in_byte_order),
        cmocka_unit_test(test_links_are_followed_but_not_in_circles),
        cmocka_unit_test(test_files_that_are_no_images_are_passed_over_in_folders),
        cmocka_unit_test(test_an_image_by_name_alone_is_an_error_in_a_folder),
        cmocka_unit_test(test_globs_are_sorted_by_bytes_and_may_match_folders),
        cmocka_unit_test(test_paths_keep_the_order_given_and_may_repeat),
        cmocka_unit_test(test_images_may_be_gzipped),
        cmocka_unit_test(test_npy_of_two_axes_is_one_image_and_of_three_a_stack),
        cmocka_unit_test(test_standard_input_is_read),
        cmocka_unit_test(test_first_and_count_choose_a_part_across_files),
        cmocka_unit_test(test_folders_are_classes_if_there_are_two),
        cmocka_unit_test(test_labels_from_any_file),
        cmocka_unit_test(test_labels_that_do_not_fit_are_named),
        cmocka_unit_test(test_meshes_become_clouds_if_asked_or_if_they_have_no_faces),
        cmocka_unit_test(test_options_that_are_not_for_a_kind_are_refused),
        cmocka_unit_test(test_sampling_gives_so_many_points_the_same_for_a_seed),
        cmocka_unit_test(test_folders_give_what_is_asked_for_and_pass_over_the_rest),
        cmocka_unit_test(test_a_field_is_remembered_by_value),
        cmocka_unit_test(test_read_scales_before_it_smooths),
        cmocka_unit_test(test_older_callers_have_shorter_params),
        cmocka_unit_test(test_faults_are_named),
        cmocka_unit_test(test_a_file_that_changes_after_opening_is_noticed),
        cmocka_unit_test(test_threads_may_share_an_input),
        cmocka_unit_test(test_any_allocation_may_fail),
        cmocka_unit_test(test_archives_bring_their_classes_if_all_files_do),
        cmocka_unit_test(test_any_allocation_may_fail_for_every_kind),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
