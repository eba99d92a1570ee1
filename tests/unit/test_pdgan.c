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
#include "encoder/rank.h"

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
    f.params.diagram_weight = 0.1;
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

enum { LOSS_N = 5, LOSS_L = 7, LOSS_M = 9, N_CODE_LOSSES = 3 };

typedef struct codes_of_a_batch {
    float codes[LOSS_N * LOSS_L], similarity[LOSS_M * LOSS_M];
    uint32_t rows[LOSS_N];
} codes_of_a_batch;

static codes_of_a_batch draw_codes(void) {
    codes_of_a_batch c = {.rows = {8, 0, 3, 5, 1}};
    psh__random rng;
    psh__random_init(&rng, 1, 1);
    for (int i = 0; i < LOSS_N * LOSS_L; i++) c.codes[i] = (float)(2 * psh__random_unit(&rng) - 1);
    for (int i = 0; i < LOSS_M * LOSS_M; i++) c.similarity[i] = (float)(2 * psh__random_unit(&rng) - 1);
    return c;
}

static double loss_of(int which, const codes_of_a_batch *c, float *d) {
    float room[LOSS_N * LOSS_N];
    if (which == 0) return psh__loss_similarity(c->codes, c->rows, LOSS_N, LOSS_L, c->similarity, LOSS_M, d);
    if (which == 1) return psh__loss_correlation(c->codes, c->rows, LOSS_N, LOSS_L, c->similarity, LOSS_M, room, d);
    return 3 * psh__loss_quantisation(c->codes, LOSS_N * LOSS_L, 3, d);
}

/* The similarities are not symmetric. */
static void gradients_of_the_losses_on_codes_are_their_slopes(void **state) {
    codes_of_a_batch c = draw_codes();
    for (int which = 0; which < N_CODE_LOSSES; which++) {
        float d[LOSS_N * LOSS_L] = {0}, none[LOSS_N * LOSS_L];
        loss_of(which, &c, d);
        for (int i = 0; i < LOSS_N * LOSS_L; i++) {
            float before = c.codes[i], step = 0x1p-9f;
            double sums[2];
            for (int side = 0; side < 2; side++) {
                c.codes[i] = before + (side ? step : -step);
                sums[side] = loss_of(which, &c, none);
            }
            c.codes[i] = before;
            double slope = (sums[1] - sums[0]) / (2 * (double)step);
            if (!(fabs((double)d[i] - slope) < 5e-4))
                fail_msg("loss %d, value %d: %g; expected %g", which, i, (double)d[i], slope);
        }
    }
}

/* Pearson's formula, term by term; scale and offset of the similarities change nothing. */
static void the_correlation_is_pearsons(void **state) {
    codes_of_a_batch c = draw_codes();
    double x[LOSS_N * (LOSS_N - 1)], y[LOSS_N * (LOSS_N - 1)];
    float d[LOSS_N * LOSS_L] = {0}, e[LOSS_N * LOSS_L] = {0};
    size_t n = 0;
    for (int i = 0; i < LOSS_N; i++)
        for (int j = 0; j < LOSS_N; j++) {
            if (i == j) continue;
            y[n] = (double)c.similarity[c.rows[i] * LOSS_M + c.rows[j]], x[n] = 0;
            for (int k = 0; k < LOSS_L; k++) x[n] += (double)c.codes[i * LOSS_L + k] * (double)c.codes[j * LOSS_L + k];
            n++;
        }
    assert_true(fabs(loss_of(1, &c, d) - (1 - psh__pearson(x, y, n))) < 1e-6);
    for (int i = 0; i < LOSS_M * LOSS_M; i++) c.similarity[i] = 4 * c.similarity[i] + 2;
    assert_true(fabs(loss_of(1, &c, e) - (1 - psh__pearson(x, y, n))) < 1e-6);
    for (int i = 0; i < LOSS_N * LOSS_L; i++) assert_true(fabsf(d[i] - e[i]) < 1e-5f);
}

static void equal_codes_or_similarities_have_no_correlation_and_no_gradient(void **state) {
    for (int equal = 0; equal < 2; equal++) {
        codes_of_a_batch c = draw_codes();
        float d[LOSS_N * LOSS_L] = {0};
        for (int i = 0; i < LOSS_N * LOSS_L && equal == 0; i++) c.codes[i] = i % LOSS_L ? 1 : -1;
        for (int i = 0; i < LOSS_M * LOSS_M && equal == 1; i++) c.similarity[i] = 1;
        assert_true(loss_of(1, &c, d) == 1);
        for (int i = 0; i < LOSS_N * LOSS_L; i++) assert_true(d[i] == 0);
    }
}

/* --- Input ---------------------------------------------------------------------------------------------------------
 */

static void images_are_the_histograms_of_the_vector_stage(void **state) {
    enum { N = 5, CELLS = PSH__PDGAN_CELLS };
    psh_diagrams *set = make_set(N, 3, 4);
    psh_frame frame = {PSH_FRAME_FIXED, 0.05, 0.6}; /* points lie outside, too */
    psh_histogram_params pooled = PSH_PARAMS(psh_histogram_params);
    psh__pdgan_input input = {.kind = PSH_PDGAN_COUNTS, .mean_points = psh__mean_points(set, 0) / 2, .scale = 0.5};
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

/* +1 for a point and its mirror image, -2 for the projection of both, seen through the binomial filter: added up over
 * all pairs of a point and a cell. */
static void draw_twin(const psh_diagrams *set, size_t i_diagram, double lo, double hi, double *image) {
    static const double weights[] = {1, 4, 6, 4, 1};
    const uint64_t *offsets = psh_diagrams_offsets(set);
    for (int i = 0; i < PSH__PDGAN_CELLS; i++) image[i] = 0;
    for (uint64_t k = offsets[i_diagram]; k < offsets[i_diagram + 1]; k++) {
        const double *point = psh_diagrams_points(set) + 2 * k, middle = (point[0] + point[1]) / 2;
        const double places[3][2] = {{point[0], point[1]}, {point[1], point[0]}, {middle, middle}};
        for (int place = 0; place < 3; place++) {
            int cell[2];
            for (int a = 0; a < 2; a++)
                cell[a] = (int)fmin(fmax(floor(50 * (places[place][a] - lo) / (hi - lo)), 0), 49);
            for (int row = 0; row < 50; row++)
                for (int column = 0; column < 50; column++)
                    if (abs(row - cell[1]) <= 2 && abs(column - cell[0]) <= 2)
                        image[50 * row + column] +=
                            (place == 2 ? -2 : 1) * weights[row - cell[1] + 2] * weights[column - cell[0] + 2] / 256;
        }
    }
}

static void centred_images_are_what_they_say(void **state) {
    enum { N = 5, CELLS = PSH__PDGAN_CELLS };
    psh_diagrams *set = make_set(N, 3, 4);
    psh_frame frame = {PSH_FRAME_FIXED, 0.05, 0.6};
    double(*wanted)[CELLS] = calloc(N, sizeof *wanted), sum = 0;
    float *found = calloc(N * CELLS, sizeof *found), *mean = calloc(CELLS, sizeof *mean);
    psh__pdgan_input input = {.kind = PSH_PDGAN_CENTRED, .mean = mean};
    assert_int_equal(psh__pdgan_fit(set, &frame, 0, &input, NULL), PSH_OK);
    psh__pdgan_fill(set, &frame, 0, &input, 0, N, found);
    for (size_t i = 0; i < N; i++) draw_twin(set, i, 0.05, 0.6, wanted[i]);
    for (size_t k = 0; k < CELLS; k++) {
        double middle = 0;
        for (size_t i = 0; i < N; i++) middle += wanted[i][k] / N;
        for (size_t i = 0; i < N; i++) wanted[i][k] -= middle, sum += wanted[i][k] * wanted[i][k];
    }
    for (size_t i = 0; i < N * CELLS; i++)
        assert_true(fabs((double)found[i] - wanted[i / CELLS][i % CELLS] / sqrt(sum / (N * CELLS))) < 1e-4);
    free(wanted), free(found), free(mean);
    psh_diagrams_free(set);
}

/* All diagrams alike, or one alone: an image of zeros, not of rounding blown up. */
static void what_does_not_differ_is_not_seen(void **state) {
    psh_diagrams *set;
    psh_frame frame = {PSH_FRAME_FIXED, 0, 1};
    float *found = calloc(PSH__PDGAN_CELLS, sizeof *found), *mean = calloc(PSH__PDGAN_CELLS, sizeof *mean);
    psh__pdgan_input input = {.kind = PSH_PDGAN_CENTRED, .mean = mean};
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (int n = 0; n < 4; n++) {
        assert_int_equal(psh__pdgan_fit(set, &frame, 0, &input, NULL), PSH_OK);
        assert_true(input.unit == 1);
        if (n) psh__pdgan_fill(set, &frame, 0, &input, 0, 1, found);
        for (size_t k = 0; k < PSH__PDGAN_CELLS; k++) assert_true(fabsf(found[k]) < 1e-5f);
        const double points[] = {0.1, 0.4, 0.3, 0.9, 0.30001, 0.30002};
        assert_int_equal(psh_diagrams_append(set, points, NULL, 3, NULL, -1, NULL), PSH_OK);
    }
    free(found), free(mean);
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
    enum { N_VARIANTS = 18 };
    fixture f = make_fixture();
    psh_pdgan_params variants[N_VARIANTS], *v = variants;
    char ids[N_VARIANTS][17];
    for (size_t i = 0; i < N_VARIANTS; i++) variants[i] = f.params;
    v[1].seed = 4, v[2].layout = PSH_PDGAN_VGG19, v[3] = v[2], v[3].dropout = 0.5, v[4].no_batch_norm = true;
    v[5].rate = 0.01, v[6].diagram_weight = -1, v[7].adversarial_weight = -1, v[8].has_hard_clip = true;
    v[9].quantisation_weight = -1, v[10].has_plain_gan = true, v[11].discriminator_rate = 0.01;
    v[12].image = PSH_PDGAN_COUNTS, v[13].loss = PSH_PDGAN_SQUARES, v[14].no_code_norm = true, v[15].n_epochs = 2;
    v[16].n_bits = 21, v[17].n_batch = 12;
    for (size_t i = 0; i < N_VARIANTS; i++) {
        f.params = variants[i];
        psh_model *model = train_model(&f, 1);
        strcpy(ids[i], psh_model_id(model));
        for (size_t j = 0; j < i; j++)
            if (strcmp(ids[i], ids[j]) == 0) fail_msg("variants %zu and %zu learn the same", j, i);
        psh_model_free(model);
    }
    free_fixture(&f);
}

/* The last step of the epochs planned is the smallest; what comes after them hardly changes a weight. */
static void the_rate_falls_to_nothing(void **state) {
    fixture f = make_fixture();
    double moved[2];
    for (int is_planned = 0; is_planned < 2; is_planned++) {
        f.params.n_epochs = is_planned ? 3 : 0;
        psh_pdgan *gan = start(&f);
        float before[36], after[36]; /* the first convolution: 4 filters of 9 */
        const psh__net *net = gan->nets[PSH__ENCODER];
        train(gan, 3);
        assert_int_equal(psh__net_tensor(net, 0)->n_values, 36);
        assert_int_equal(psh__net_get(net, 0, PSH__VALUES, before, NULL), PSH_OK);
        train(gan, 1);
        assert_int_equal(psh__net_get(net, 0, PSH__VALUES, after, NULL), PSH_OK);
        moved[is_planned] = 0;
        for (int i = 0; i < 36; i++) moved[is_planned] += fabs((double)after[i] - (double)before[i]);
        psh_pdgan_free(gan);
    }
    assert_true(moved[1] > 0 && moved[1] < 0.15 * moved[0]);
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
    f.params.loss = PSH_PDGAN_SQUARES, f.params.no_code_norm = true;
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
    for (size_t j = 1; j < N_ITEMS; j++) f.similarity[j] = INFINITY;
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
    f.params.layout = PSH_PDGAN_VGG19, f.params.image = PSH_PDGAN_COUNTS;
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

static psh_model *adapt(const psh_model *model, const psh_diagrams *set) {
    psh_model *adapted = NULL;
    psh_error err = {0};
    if (psh_model_adapt(model, set, NULL, &adapted, &err) != PSH_OK) fail_msg("%s", err.text);
    return adapted;
}

/* Eight times the points, and coordinates a thousand times as large: another frame and another scale, the same codes.
 */
static void a_model_adapts_to_the_number_of_points_and_the_frame(void **state) {
    fixture f = make_fixture();
    size_t n_bytes = N_ITEMS * 3;
    f.params.frame_kind = PSH_FRAME_SET;
    psh_diagrams *dense = make_set(N_ITEMS, 8, 1);
    for (psh_pdgan_image image = PSH_PDGAN_CENTRED; image <= PSH_PDGAN_COUNTS; image++) {
        f.params.image = image;
        psh_model *model = train_model(&f, 2), *same = adapt(model, f.set), *adapted = adapt(model, dense);
        assert_true(psh_model_adapts(model));
        uint8_t *a = encode(same, f.set, 1), *b = encode(adapted, dense, 1), *c = encode(same, dense, 1);
        assert_memory_equal(a, b, n_bytes);
        assert_memory_not_equal(a, c, n_bytes);
        assert_string_not_equal(psh_model_id(adapted), psh_model_id(model));
        free(a), free(b), free(c);
        psh_model_free(adapted), psh_model_free(same), psh_model_free(model);
    }
    f.params.has_raw_counts = f.params.keeps_statistics = true;
    psh_model *model = train_model(&f, 2), *adapted = adapt(model, dense);
    uint8_t *a = encode(model, f.set, 1), *b = encode(adapted, dense, 1), *c = encode(model, dense, 1);
    assert_memory_not_equal(a, b, n_bytes);
    free(a), free(b), free(c);
    psh_model_free(adapted), psh_model_free(model);
    psh_diagrams_free(dense);
    free_fixture(&f);
}

static double share_of_ones(const psh_model *model, const psh_diagrams *set) {
    size_t n = psh_diagrams_count(set), n_bytes = psh_model_n_bytes(model), n_ones = 0;
    uint8_t *codes = encode(model, set, 1);
    for (size_t i = 0; i < n * n_bytes; i++) n_ones += (size_t)__builtin_popcount(codes[i]);
    free(codes);
    return (double)n_ones / (double)(n * (size_t)psh_model_n_bits(model));
}

/* Diagrams all in one corner of a fixed frame, where there were none in training. */
static psh_diagrams *make_far_set(size_t n) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        double points[3][2];
        psh__random rng;
        psh__random_init(&rng, 77, i);
        for (int k = 0; k < 3; k++)
            points[k][0] = 0.7 * psh__random_unit(&rng), points[k][1] = 0.9 + 0.1 * psh__random_unit(&rng);
        assert_int_equal(psh_diagrams_append(set, points[0], NULL, 3, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

/* Sets of any size, small ones with sizes that cannot be cut into slices: the same model for any number of threads, the
 * same whichever set the model was for before, and back from its bytes; outputs are centred on the set. */
static void batch_normalisation_goes_by_the_set(void **state) {
    static const size_t sizes[] = {2, 3, 12, 31, 300};
    fixture f = make_fixture();
    f.params.is_f16 = true;
    psh_model *model = train_model(&f, 3), *other = adapt(model, f.held_out);
    f.params.keeps_statistics = true;
    psh_model *keeping = train_model(&f, 3);
    for (size_t i = 0; i < 5; i++) {
        psh_diagrams *set = make_far_set(sizes[i]);
        psh_adapt_params threads = PSH_PARAMS(psh_adapt_params);
        psh_model *a = adapt(model, set), *b, *c = adapt(other, set), *d, *kept = adapt(keeping, set);
        threads.n_threads = 3;
        assert_int_equal(psh_model_adapt(model, set, &threads, &b, NULL), PSH_OK);
        uint8_t *bytes;
        size_t n_bytes;
        assert_int_equal(psh_model_write_bytes(a, &bytes, &n_bytes, NULL), PSH_OK);
        assert_int_equal(psh_model_read_bytes(bytes, n_bytes, &d, NULL), PSH_OK);
        assert_string_equal(psh_model_id(a), psh_model_id(b));
        assert_string_equal(psh_model_id(a), psh_model_id(c));
        assert_string_equal(psh_model_id(a), psh_model_id(d));
        assert_string_not_equal(psh_model_id(a), psh_model_id(kept));
        uint8_t *x = encode(a, set, 1), *y = encode(d, set, 2);
        assert_memory_equal(x, y, sizes[i] * psh_model_n_bytes(a));
        if (sizes[i] >= 12) assert_true(fabs(share_of_ones(a, set) - 0.5) < 0.15);
        free(x), free(y);
        psh_bytes_free(bytes);
        psh_model_free(a), psh_model_free(b), psh_model_free(c), psh_model_free(d), psh_model_free(kept);
        psh_diagrams_free(set);
    }
    psh_model_free(model), psh_model_free(other), psh_model_free(keeping);
    free_fixture(&f);
}

/* A mean image beyond float16. */
static void a_million_points_in_a_cell_are_fine(void **state) {
    enum { N = 1000000 };
    fixture f = make_fixture();
    f.params.is_f16 = true;
    psh_model *model = train_model(&f, 1), *again = NULL;
    psh_diagrams *set;
    double *points = calloc(2 * N, sizeof *points);
    uint8_t *bytes;
    size_t n_bytes;
    for (size_t i = 0; i < N; i++) points[2 * i] = 0.2, points[2 * i + 1] = 0.8;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(psh_diagrams_append(set, points, NULL, N / (i + 1), NULL, -1, NULL), PSH_OK);
    psh_model *adapted = adapt(model, set);
    assert_int_equal(psh_model_write_bytes(adapted, &bytes, &n_bytes, NULL), PSH_OK);
    assert_int_equal(psh_model_read_bytes(bytes, n_bytes, &again, NULL), PSH_OK);
    free(encode(again, set, 1));
    psh_bytes_free(bytes);
    psh_model_free(model), psh_model_free(adapted), psh_model_free(again);
    psh_diagrams_free(set);
    free(points);
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
    psh_adapt_params threads = PSH_PARAMS(psh_adapt_params);
    f.params.n_threads = threads.n_threads = 1;
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n += n < 30 ? 1 : 23) {
        psh_pdgan *gan = NULL;
        psh_model *model = NULL, *adapted = NULL;
        psh_pdgan_epoch epoch = PSH_PARAMS(psh_pdgan_epoch);
        uint8_t *bytes = NULL;
        size_t n_bytes;
        psh__alloc_fail_at(n);
        status = psh_pdgan_create(f.set, f.similarity, f.held_out, &f.params, &gan, NULL);
        if (status == PSH_OK) gan->i_batch = gan->n_items / gan->n_batch - 1;
        if (status == PSH_OK) status = psh_pdgan_train_epoch(gan, NULL, &epoch, NULL);
        if (status == PSH_OK) status = psh_pdgan_model(gan, NULL, &model, NULL);
        if (status == PSH_OK) status = psh_model_adapt(model, f.held_out, &threads, &adapted, NULL);
        if (status == PSH_OK) status = psh_model_write_bytes(adapted, &bytes, &n_bytes, NULL);
        psh__alloc_fail_at(0);
        if (status != PSH_OK) assert_int_equal(status, PSH_ERR_MEMORY);
        psh_bytes_free(bytes);
        psh_model_free(model), psh_model_free(adapted);
        psh_pdgan_free(gan);
    }
    free_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_the_losses_on_codes_are_their_slopes),
        cmocka_unit_test(the_correlation_is_pearsons),
        cmocka_unit_test(equal_codes_or_similarities_have_no_correlation_and_no_gradient),
        cmocka_unit_test(images_are_the_histograms_of_the_vector_stage),
        cmocka_unit_test(centred_images_are_what_they_say),
        cmocka_unit_test(what_does_not_differ_is_not_seen),
        cmocka_unit_test(codes_learn_to_follow_distances),
        cmocka_unit_test(the_generator_learns_to_draw),
        cmocka_unit_test(training_gives_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(every_option_changes_what_is_learned),
        cmocka_unit_test(the_rate_falls_to_nothing),
        cmocka_unit_test(a_run_that_was_stopped_goes_on_to_the_same_bytes),
        cmocka_unit_test(a_checkpoint_of_another_run_is_refused),
        cmocka_unit_test(collapsed_codes_are_named_with_their_cause),
        cmocka_unit_test(divergence_is_an_error),
        cmocka_unit_test(parameters_and_sets_that_cannot_be_are_refused),
        cmocka_unit_test(weights_are_taken_from_files_with_torchvision_names),
        cmocka_unit_test(models_come_back_from_their_bytes),
        cmocka_unit_test(a_code_does_not_depend_on_its_place_or_on_threads),
        cmocka_unit_test(a_model_adapts_to_the_number_of_points_and_the_frame),
        cmocka_unit_test(batch_normalisation_goes_by_the_set),
        cmocka_unit_test(a_million_points_in_a_cell_are_fine),
        cmocka_unit_test(empty_sets_and_diagrams_have_codes_too),
        cmocka_unit_test(failing_memory_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
