/* test_pdgan.c : PD-GAN trained, stopped and resumed, saved, and as a model. Networks of 4 to 16 filters. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/random.h"
#include "encoder/pdgan_train.h"

enum { N_ITEMS = 48 };

/* Diagrams of 12 points round a place that moves with the item: three rounds of sixteen places. `times`: copies of each
 * point. */
static psh_diagrams *make_set(size_t n, size_t times, uint64_t seed) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        double points[12 * 16][2];
        psh__random rng;
        psh__random_init(&rng, seed, i);
        for (size_t k = 0; k < 12; k++) {
            double birth = 0.5 * (double)(i % 16) / 16 + 0.1 * psh__random_unit(&rng);
            double death = birth + 0.1 + 0.3 * psh__random_unit(&rng);
            for (size_t t = 0; t < times; t++) points[k * times + t][0] = birth, points[k * times + t][1] = death;
        }
        assert_int_equal(psh_diagrams_append(set, points[0], NULL, 12 * times, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

/* Places up to four steps apart are similar. */
static float *make_similarity(size_t n) {
    float *s = calloc(n * n, sizeof *s);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) s[i * n + j] = abs((int)(i % 16) - (int)(j % 16)) <= 4 ? 1 : -1;
    return s;
}

typedef struct fixture {
    psh_diagrams *set, *held_out;
    float *similarity;
    psh_pdgan_params params;
} fixture;

static fixture make_fixture(void) {
    fixture f = {make_set(N_ITEMS, 1, 1), make_set(32, 1, 2), make_similarity(N_ITEMS), PSH_PARAMS(psh_pdgan_params)};
    f.params.width = 1.0 / 32;
    f.params.n_bits = 20;
    f.params.n_batch = 8;
    f.params.frame_kind = PSH_FRAME_FIXED;
    f.params.frame_hi = 1;
    f.params.seed = 3;
    f.params.n_threads = 1;
    return f;
}

static void free_fixture(fixture *f) {
    psh_diagrams_free(f->set);
    psh_diagrams_free(f->held_out);
    free(f->similarity);
}

static psh_pdgan *start(const fixture *f) {
    psh_pdgan *gan = NULL;
    psh_error err = {0};
    if (psh_pdgan_create(f->set, f->similarity, f->held_out, &f->params, &gan, &err) != PSH_OK)
        fail_msg("%s", err.text);
    return gan;
}

static psh_pdgan_epoch train(psh_pdgan *gan, int n_epochs) {
    psh_pdgan_epoch epoch = PSH_PARAMS(psh_pdgan_epoch);
    psh_error err = {0};
    for (int i = 0; i < n_epochs; i++)
        if (psh_pdgan_train_epoch(gan, NULL, &epoch, &err) != PSH_OK) fail_msg("%s", err.text);
    return epoch;
}

static psh_model *finish(const psh_pdgan *gan) {
    psh_model *model = NULL;
    psh_error err = {0};
    if (psh_pdgan_model(gan, NULL, &model, &err) != PSH_OK) fail_msg("%s", err.text);
    return model;
}

static psh_model *train_model(const fixture *f, int n_epochs) {
    psh_pdgan *gan = start(f);
    train(gan, n_epochs);
    psh_model *model = finish(gan);
    psh_pdgan_free(gan);
    return model;
}

static uint8_t *encode(const psh_model *model, const psh_diagrams *set, int n_threads) {
    uint8_t *codes = calloc(psh_diagrams_count(set) + 1, psh_model_n_bytes(model));
    psh_error err = {0};
    if (psh_model_encode(model, set, n_threads, codes, &err) != PSH_OK) fail_msg("%s", err.text);
    return codes;
}

/* --- Losses --------------------------------------------------------------------------------------------------------
 */

static void gradients_of_the_losses_on_codes_are_their_slopes(void **state) {
    enum { N = 5, L = 7, M = 9 };
    float codes[N * L], similarity[M * M], d[2][N * L] = {{0}};
    uint32_t rows[N] = {8, 0, 3, 5, 1};
    psh__random rng;
    psh__random_init(&rng, 1, 1);
    for (int i = 0; i < N * L; i++) codes[i] = (float)(2 * psh__random_unit(&rng) - 1);
    for (int i = 0; i < M * M; i++) similarity[i] = (float)(2 * psh__random_unit(&rng) - 1);
    psh__loss_similarity(codes, rows, N, L, similarity, M, d[0]);
    psh__loss_quantisation(codes, N * L, 3, d[1]);
    for (int i = 0; i < N * L; i++) {
        float before = codes[i], step = 0x1p-9f, none[N * L];
        double sums[2][2];
        for (int side = 0; side < 2; side++) {
            codes[i] = before + (side ? step : -step);
            sums[0][side] = psh__loss_similarity(codes, rows, N, L, similarity, M, none);
            sums[1][side] = 3 * psh__loss_quantisation(codes, N * L, 0, none);
        }
        codes[i] = before;
        for (int loss = 0; loss < 2; loss++)
            assert_true(fabs((double)d[loss][i] - (sums[loss][1] - sums[loss][0]) / (2 * (double)step)) < 2e-4);
    }
}

/* --- Input ---------------------------------------------------------------------------------------------------------
 */

static void images_are_the_histograms_of_the_vector_stage(void **state) {
    enum { N = 5, CELLS = PSH__PDGAN_CELLS };
    psh_diagrams *set = make_set(N, 3, 4);
    psh_frame frame = {PSH_FRAME_FIXED, 0.05, 0.6}; /* points lie outside, too */
    psh_histogram_params pooled = PSH_PARAMS(psh_histogram_params);
    psh__pdgan_input input = {psh__mean_points(set, 0) / 2, 0.5};
    float *wanted = calloc(N * (CELLS + 1), sizeof *wanted), *found = calloc(N * CELLS * 2, sizeof *found);
    pooled.pool = true;
    assert_true(input.mean_points == 18);
    assert_int_equal(psh_histogram_compute(set, &frame, &pooled, 1, wanted, NULL), PSH_OK);
    psh__pdgan_fill(set, &frame, 0, &input, 0, N, found);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < CELLS; k++) {
            assert_true(found[(i * CELLS + k) * 2] == wanted[i * (CELLS + 1) + k] / 2);
            assert_true(found[(i * CELLS + k) * 2 + 1] == 2);
        }
    free(wanted), free(found);
    psh_diagrams_free(set);
}

/* --- Training ------------------------------------------------------------------------------------------------------
 */

static void codes_learn_to_follow_distances(void **state) {
    fixture f = make_fixture();
    psh_pdgan *gan = start(&f);
    psh_pdgan_epoch first = train(gan, 1), last = train(gan, 25);
    assert_int_equal(first.i_epoch, 1);
    assert_int_equal(last.i_epoch, 26);
    assert_true(last.similarity < 0.7 * first.similarity);
    assert_true(last.spearman > 0.6);
    assert_true(last.n_codes == 32 && last.n_distinct > 3);
    assert_string_equal(last.warning, "");
    psh_pdgan_free(gan);
    free_fixture(&f);
}

static void the_generator_learns_to_draw(void **state) {
    fixture f = make_fixture();
    f.params.has_plain_gan = true, f.params.adversarial_weight = -1, f.params.rate = 0.01;
    psh_pdgan *gan = start(&f);
    psh_pdgan_epoch first = train(gan, 1), last = train(gan, 15);
    assert_true(last.mse < 0.3 * first.mse && last.discriminator == 0);
    psh_pdgan_free(gan);
    free_fixture(&f);
}

static void training_gives_the_same_bytes_for_any_number_of_threads(void **state) {
    fixture f = make_fixture();
    char id[17] = "";
    for (f.params.n_threads = 1; f.params.n_threads <= 3; f.params.n_threads++) {
        psh_model *model = train_model(&f, 1);
        if (f.params.n_threads == 1) strcpy(id, psh_model_id(model));
        assert_string_equal(psh_model_id(model), id);
        psh_model_free(model);
    }
    free_fixture(&f);
}

static void every_option_changes_what_is_learned(void **state) {
    fixture f = make_fixture();
    psh_pdgan_params variants[10];
    char ids[11][17];
    for (size_t i = 0; i < 10; i++) variants[i] = f.params;
    variants[0].seed = 4, variants[1].dropout = 0.5, variants[2].no_batch_norm = true, variants[3].rate = 0.01;
    variants[4].diagram_weight = -1, variants[5].adversarial_weight = -1, variants[6].has_hard_clip = true;
    variants[7].quantisation_weight = -1, variants[8].has_plain_gan = true, variants[9].discriminator_rate = 0.01;
    for (size_t i = 0; i < 11; i++) {
        if (i < 10) f.params = variants[i];
        if (i == 10) f.params = variants[4], f.params.diagram_weight = 0;
        psh_model *model = train_model(&f, 1);
        strcpy(ids[i], psh_model_id(model));
        for (size_t j = 0; j < i; j++) assert_string_not_equal(ids[i], ids[j]);
        psh_model_free(model);
    }
    free_fixture(&f);
}

static bool stop_at_fourth(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return n_done < 4;
}

static void a_run_that_was_stopped_goes_on_to_the_same_bytes(void **state) {
    fixture f = make_fixture();
    char path[] = "pdgan-XXXXXX";
    close(mkstemp(path));
    f.params.dropout = 0.3;
    psh_pdgan *whole = start(&f), *stopped = start(&f), *resumed = start(&f);
    psh_pdgan_epoch wanted = train(whole, 3), found;
    train(stopped, 1);
    psh_progress progress = {stop_at_fourth, NULL};
    assert_int_equal(psh_pdgan_train_epoch(stopped, &progress, NULL, NULL), PSH_ERR_INTERRUPTED);
    assert_int_equal(psh_pdgan_n_epochs(stopped), 1);
    assert_int_equal(psh_pdgan_save(stopped, path, NULL), PSH_OK);
    psh_error err = {0};
    if (psh_pdgan_load(resumed, path, &err) != PSH_OK) fail_msg("%s", err.text);
    found = train(resumed, 2);
    psh_model *a = finish(whole), *b = finish(resumed);
    assert_string_equal(psh_model_id(a), psh_model_id(b));
    assert_true(found.similarity == wanted.similarity && found.discriminator == wanted.discriminator);
    assert_true(found.spearman == wanted.spearman || (isnan(found.spearman) && isnan(wanted.spearman)));
    psh_model_free(a), psh_model_free(b);
    psh_pdgan_free(whole), psh_pdgan_free(stopped), psh_pdgan_free(resumed);
    unlink(path);
    free_fixture(&f);
}

static void a_checkpoint_of_another_run_is_refused(void **state) {
    fixture f = make_fixture();
    char path[] = "pdgan-XXXXXX";
    close(mkstemp(path));
    psh_error err;
    psh_pdgan *gan = start(&f);
    train(gan, 1);
    assert_int_equal(psh_pdgan_save(gan, path, NULL), PSH_OK);
    f.params.rate = 0.002;
    psh_pdgan *other = start(&f);
    assert_int_equal(psh_pdgan_load(other, path, &err), PSH_ERR_MODEL_MISMATCH);
    psh_model *model = finish(gan);
    assert_int_equal(psh_model_write(model, path, NULL), PSH_OK);
    assert_int_equal(psh_pdgan_load(gan, path, &err), PSH_ERR_FORMAT);
    assert_int_equal(psh_model_read("nothing.safetensors", &model, &err), PSH_ERR_FILE_NOT_FOUND);
    psh_model_free(model);
    psh_pdgan_free(gan), psh_pdgan_free(other);
    unlink(path);
    free_fixture(&f);
}

static void collapsed_codes_are_named_with_their_cause(void **state) {
    fixture f = make_fixture();
    for (size_t i = 0; i < N_ITEMS * N_ITEMS; i++) f.similarity[i] = 1;
    psh_pdgan *gan = start(&f);
    psh_pdgan_epoch last = train(gan, 12);
    if (!strstr(last.warning, "collapsed") || !strstr(last.warning, "similarit"))
        fail_msg("%zu distinct codes; warning \"%s\"", last.n_distinct, last.warning);
    psh_pdgan_free(gan);
    free_fixture(&f);
}

static void divergence_is_an_error(void **state) {
    fixture f = make_fixture();
    f.params.rate = 10, f.params.no_batch_norm = true;
    f.similarity[1] = INFINITY;
    psh_pdgan *gan = start(&f);
    psh_status status = PSH_OK;
    psh_error err = {0};
    for (int i = 0; i < 3 && status == PSH_OK; i++) status = psh_pdgan_train_epoch(gan, NULL, NULL, &err);
    assert_int_equal(status, PSH_ERR_NOT_CONVERGED);
    assert_non_null(strstr(err.text, "rate"));
    psh_pdgan_free(gan);
    free_fixture(&f);
}

static void parameters_and_sets_that_cannot_be_are_refused(void **state) {
    fixture f = make_fixture();
    psh_pdgan_params good = f.params;
    psh_pdgan *gan = NULL;
    psh_error err;
    for (int i = 0; i < 6; i++) {
        f.params = good;
        if (i == 0) f.params.n_bits = 2000;
        if (i == 1) f.params.width = 3;
        if (i == 2) f.params.dropout = 1;
        if (i == 3) f.params.rate = -1;
        if (i == 4) f.params.n_batch = 1;
        if (i == 5) f.params.n_batch = N_ITEMS + 1;
        psh_status status = psh_pdgan_create(f.set, f.similarity, NULL, &f.params, &gan, &err);
        assert_int_equal(status, i == 5 ? PSH_ERR_EMPTY : PSH_ERR_PARAMETER);
    }
    double infinite[] = {0, INFINITY};
    assert_int_equal(psh_diagrams_append(f.set, infinite, NULL, 1, "late", -1, NULL), PSH_OK);
    assert_int_equal(psh_pdgan_create(f.set, f.similarity, NULL, &good, &gan, &err), PSH_ERR_NOT_FINITE);
    assert_non_null(strstr(err.text, "late"));
    free_fixture(&f);
}

/* --- Weights of others ---------------------------------------------------------------------------------------------
 */

static void weights_are_taken_from_files_with_torchvision_names(void **state) {
    static const size_t indices[] = {0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34};
    static const size_t filters[] = {4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16, 16};
    char path[] = "pdgan-XXXXXX", names[32][32];
    psh__stored arrays[32];
    float *ones = calloc(16 * 16 * 9, sizeof *ones);
    fixture f = make_fixture();
    uint8_t *bytes;
    size_t n_bytes, n_taken, in = 3;
    close(mkstemp(path));
    for (size_t i = 0; i < 16 * 16 * 9; i++) ones[i] = (float)(i % 27) / 64;
    for (size_t i = 0; i < 16; in = filters[i++]) {
        snprintf(names[2 * i], sizeof *names, "features.%zu.weight", indices[i]);
        snprintf(names[2 * i + 1], sizeof *names, "features.%zu.bias", indices[i]);
        arrays[2 * i] = (psh__stored){names[2 * i], PSH__STORED_F32, 4, {filters[i], in, 3, 3}, ones};
        arrays[2 * i + 1] = (psh__stored){names[2 * i + 1], PSH__STORED_F32, 1, {filters[i]}, ones};
    }
    assert_int_equal(psh__safetensors_write(arrays, 32, NULL, 0, &bytes, &n_bytes, NULL), PSH_OK);
    assert_int_equal(psh__file_replace(path, bytes, n_bytes, NULL), PSH_OK);
    psh_pdgan *gan = start(&f);
    psh_error err = {0};
    if (psh_pdgan_init(gan, path, &n_taken, &err) != PSH_OK) fail_msg("%s", err.text);
    assert_int_equal(n_taken, 32);
    float first[4 * 2 * 9];
    assert_int_equal(psh__net_get(gan->nets[PSH__ENCODER], 0, PSH__VALUES, first, NULL), PSH_OK);
    for (size_t k = 0; k < 9; k++) {
        assert_true(first[k] == (float)(k + k + 9 + k + 18) / 64);
        assert_true(first[9 + k] == 0);
    }
    psh_pdgan_free(gan);
    f.params.width = 0.25;
    gan = start(&f);
    assert_int_equal(psh_pdgan_init(gan, path, &n_taken, &err), PSH_ERR_SHAPE);
    psh_pdgan_free(gan);
    psh_bytes_free(bytes);
    free(ones);
    unlink(path);
    free_fixture(&f);
}

/* --- As a model ----------------------------------------------------------------------------------------------------
 */

static void models_come_back_from_their_bytes(void **state) {
    fixture f = make_fixture();
    for (int is_f16 = 0; is_f16 < 2; is_f16++) {
        f.params.is_f16 = is_f16;
        psh_model *model = train_model(&f, 1), *again = NULL;
        uint8_t *bytes, *twice;
        size_t n_bytes, n_twice;
        psh_error err = {0};
        assert_int_equal(psh_model_write_bytes(model, &bytes, &n_bytes, NULL), PSH_OK);
        if (psh_model_read_bytes(bytes, n_bytes, &again, &err) != PSH_OK) fail_msg("%s", err.text);
        assert_string_equal(psh_model_id(again), psh_model_id(model));
        assert_string_equal(psh_model_kind(again), "pdgan");
        assert_int_equal(psh_model_write_bytes(again, &twice, &n_twice, NULL), PSH_OK);
        assert_int_equal(n_twice, n_bytes);
        assert_memory_equal(twice, bytes, n_bytes);
        uint8_t *a = encode(model, f.set, 1), *b = encode(again, f.set, 1);
        assert_memory_equal(a, b, N_ITEMS * psh_model_n_bytes(model));
        free(a), free(b);
        psh_model_free(again);
        for (size_t k = 0; k < 40; k++) { /* damage anywhere is found */
            size_t at = n_bytes - 1 - k * (n_bytes / 41);
            bytes[at] ^= 0x41;
            assert_int_not_equal(psh_model_read_bytes(bytes, n_bytes, &again, &err), PSH_OK);
            bytes[at] ^= 0x41;
            assert_int_not_equal(psh_model_read_bytes(bytes, at, &again, &err), PSH_OK);
        }
        psh_bytes_free(bytes), psh_bytes_free(twice);
        psh_model_free(model);
    }
    free_fixture(&f);
}

static void a_code_does_not_depend_on_its_place_or_on_threads(void **state) {
    fixture f = make_fixture();
    psh_model *model = train_model(&f, 2);
    psh_diagrams *many = make_set(150, 1, 5), *reversed;
    size_t rows[150], n_bytes = psh_model_n_bytes(model);
    for (size_t i = 0; i < 150; i++) rows[i] = 149 - i;
    assert_int_equal(psh_diagrams_select(many, rows, 150, 0, false, &reversed, NULL), PSH_OK);
    uint8_t *forward = encode(model, many, 1), *threads = encode(model, many, 3),
            *backward = encode(model, reversed, 2);
    assert_memory_equal(forward, threads, 150 * n_bytes);
    for (size_t i = 0; i < 150; i++)
        assert_memory_equal(forward + i * n_bytes, backward + (149 - i) * n_bytes, n_bytes);
    free(forward), free(threads), free(backward);
    psh_diagrams_free(many), psh_diagrams_free(reversed);
    psh_model_free(model);
    free_fixture(&f);
}

/* Eight times the points, and coordinates a thousand times as large: another frame and another scale, the same codes.
 */
static void a_model_adapts_to_the_number_of_points_and_the_frame(void **state) {
    fixture f = make_fixture();
    f.params.frame_kind = PSH_FRAME_SET;
    psh_model *model = train_model(&f, 2), *adapted;
    assert_true(psh_model_adapts(model));
    psh_diagrams *dense = make_set(N_ITEMS, 8, 1);
    psh_error err = {0};
    if (psh_model_adapt(model, dense, NULL, &adapted, &err) != PSH_OK) fail_msg("%s", err.text);
    uint8_t *a = encode(model, f.set, 1), *b = encode(adapted, dense, 1), *c = encode(model, dense, 1);
    assert_memory_equal(a, b, N_ITEMS * psh_model_n_bytes(model));
    assert_memory_not_equal(a, c, N_ITEMS * psh_model_n_bytes(model));
    assert_string_not_equal(psh_model_id(adapted), psh_model_id(model));
    free(a), free(b), free(c);
    psh_model_free(adapted);
    psh_model_free(model);
    f.params.has_raw_counts = true;
    model = train_model(&f, 2);
    assert_int_equal(psh_model_adapt(model, dense, NULL, &adapted, &err), PSH_OK);
    b = encode(adapted, dense, 1), c = encode(model, dense, 1);
    psh_model_free(adapted);
    psh_model_free(model);
    free(b), free(c);
    psh_diagrams_free(dense);
    free_fixture(&f);
}

static void empty_sets_and_diagrams_have_codes_too(void **state) {
    fixture f = make_fixture();
    psh_model *model = train_model(&f, 1), *adapted;
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    free(encode(model, set, 1));
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_model_adapt(model, set, NULL, &adapted, NULL), PSH_OK);
    free(encode(adapted, set, 1));
    double infinite[] = {0, INFINITY};
    uint8_t codes[16];
    assert_int_equal(psh_diagrams_append(set, infinite, NULL, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_model_encode(model, set, 0, codes, NULL), PSH_ERR_NOT_FINITE);
    psh_diagrams_free(set);
    psh_model_free(adapted);
    psh_model_free(model);
    free_fixture(&f);
}

static void failing_memory_is_an_error_and_leaks_nothing(void **state) {
    fixture f = make_fixture();
    f.params.n_threads = 1;
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n += n < 30 ? 1 : 23) {
        psh_pdgan *gan = NULL;
        psh_model *model = NULL;
        psh_pdgan_epoch epoch = PSH_PARAMS(psh_pdgan_epoch);
        uint8_t *bytes = NULL;
        size_t n_bytes;
        psh__alloc_fail_at(n);
        status = psh_pdgan_create(f.set, f.similarity, f.held_out, &f.params, &gan, NULL);
        if (status == PSH_OK) gan->i_batch = gan->n_items / gan->n_batch - 1;
        if (status == PSH_OK) status = psh_pdgan_train_epoch(gan, NULL, &epoch, NULL);
        if (status == PSH_OK) status = psh_pdgan_model(gan, NULL, &model, NULL);
        if (status == PSH_OK) status = psh_model_write_bytes(model, &bytes, &n_bytes, NULL);
        psh__alloc_fail_at(0);
        if (status != PSH_OK) assert_int_equal(status, PSH_ERR_MEMORY);
        psh_bytes_free(bytes);
        psh_model_free(model);
        psh_pdgan_free(gan);
    }
    free_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_the_losses_on_codes_are_their_slopes),
        cmocka_unit_test(images_are_the_histograms_of_the_vector_stage),
        cmocka_unit_test(codes_learn_to_follow_distances),
        cmocka_unit_test(the_generator_learns_to_draw),
        cmocka_unit_test(training_gives_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(every_option_changes_what_is_learned),
        cmocka_unit_test(a_run_that_was_stopped_goes_on_to_the_same_bytes),
        cmocka_unit_test(a_checkpoint_of_another_run_is_refused),
        cmocka_unit_test(collapsed_codes_are_named_with_their_cause),
        cmocka_unit_test(divergence_is_an_error),
        cmocka_unit_test(parameters_and_sets_that_cannot_be_are_refused),
        cmocka_unit_test(weights_are_taken_from_files_with_torchvision_names),
        cmocka_unit_test(models_come_back_from_their_bytes),
        cmocka_unit_test(a_code_does_not_depend_on_its_place_or_on_threads),
        cmocka_unit_test(a_model_adapts_to_the_number_of_points_and_the_frame),
        cmocka_unit_test(empty_sets_and_diagrams_have_codes_too),
        cmocka_unit_test(failing_memory_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
