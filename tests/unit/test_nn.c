/* test_nn.c : every layer against plain loops and finite differences; networks for any number of threads; optimisers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "nn/nn.h"
#include "nn_twin.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static double draw(psh__random *rng) {
    return 2 * psh__random_unit(rng) - 1;
}

static psh__net *make(const psh__layer *layers, size_t n_layers, const psh__net_params *params) {
    psh__net *net = NULL;
    psh_error err = {0};
    if (psh__net_create(layers, n_layers, params, &net, &err) != PSH_OK) fail_msg("%s", err.text);
    if (psh__net_init(net, 7, 0, &err) != PSH_OK) fail_msg("%s", err.text);
    return net;
}

static void forward(psh__net *net, size_t n_items, bool training) {
    psh_error err = {0};
    if (psh__net_forward(net, n_items, training, &err) != PSH_OK) fail_msg("%s", err.text);
}

static void backward(psh__net *net, bool add_weights, float **d_input) {
    psh_error err = {0};
    if (psh__net_backward(net, 0, add_weights, d_input, &err) != PSH_OK) fail_msg("%s", err.text);
}

/* A network beside its twin: the same random weights and inputs. */
typedef struct pair {
    const psh__layer *layers;
    size_t n_layers, n_batch, n_in, n_out;
    psh__shape in;
    psh__net *net;
    double **weights, *input, *slope;
} pair;

static pair pair_create(const psh__layer *layers, size_t n_layers, psh__shape in, int n_batch, int n_slices,
                        int n_threads, uint64_t seed) {
    psh__net_params params = {
        .in = in, .n_batch = n_batch, .n_slices = n_slices, .n_threads = n_threads, .is_training = true};
    pair p = {.layers = layers, .n_layers = n_layers, .in = in, .n_batch = (size_t)n_batch};
    p.net = make(layers, n_layers, &params);
    psh__shape out = psh__net_out_shape(p.net);
    p.n_in = (size_t)n_batch * (size_t)(in.h * in.w * in.c);
    p.n_out = (size_t)n_batch * (size_t)(out.h * out.w * out.c);
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    size_t n_tensors = psh__net_n_tensors(p.net);
    p.weights = calloc(n_tensors, sizeof *p.weights);
    for (size_t i = 0; i < n_tensors; i++) {
        size_t n = psh__net_tensor(p.net, i)->n_values;
        float *plain = calloc(n, sizeof *plain);
        p.weights[i] = calloc(n, sizeof **p.weights);
        for (size_t k = 0; k < n; k++) p.weights[i][k] = plain[k] = (float)draw(&rng);
        assert_int_equal(psh__net_set(p.net, i, PSH__VALUES, plain, NULL), PSH_OK);
        free(plain);
    }
    p.input = calloc(p.n_in, sizeof *p.input);
    p.slope = calloc(p.n_out, sizeof *p.slope);
    for (size_t i = 0; i < p.n_in; i++) psh__net_input(p.net)[i] = (float)(p.input[i] = (float)draw(&rng));
    for (size_t i = 0; i < p.n_out; i++) p.slope[i] = (float)draw(&rng);
    return p;
}

static void pair_free(pair *p) {
    for (size_t i = 0; i < psh__net_n_tensors(p->net); i++) free(p->weights[i]);
    free(p->weights);
    free(p->input);
    free(p->slope);
    psh__net_free(p->net);
}

static void assert_close(double found, double wanted, double scale, const char *what, size_t i) {
    if (!(fabs(found - wanted) <= 2e-4 * (scale + fabs(wanted))))
        fail_msg("%s: value %zu is %.7g; expected %.7g", what, i, found, wanted);
}

static void check_forward(pair *p) {
    forward(p->net, p->n_batch, true);
    double *y = twin_forward(p->layers, p->n_layers, p->in, p->n_batch, p->weights, p->input);
    for (size_t i = 0; i < p->n_out; i++) assert_close((double)psh__net_output(p->net)[i], y[i], 1, "output", i);
    free(y);
}

static double derivative(pair *p, double *value) {
    return twin_derivative(p->layers, p->n_layers, p->in, p->n_batch, p->weights, p->input, p->slope, p->n_out, value);
}

/* At most about 60 values of each array. */
static void check_gradients(pair *p) {
    float *d_input;
    psh__net_zero_gradients(p->net);
    for (int i_pass = 0; i_pass < 2; i_pass++) { /* twice: passes repeat, weights' gradients add */
        for (size_t i = 0; i < p->n_out; i++) psh__net_output_gradient(p->net)[i] = (float)p->slope[i];
        backward(p->net, true, &d_input);
    }
    for (size_t i = 0; i < p->n_in; i += 1 + p->n_in / 60)
        assert_close((double)d_input[i], derivative(p, &p->input[i]), 4, "gradient of the input", i);
    for (size_t t = 0; t < psh__net_n_tensors(p->net); t++) {
        const psh__tensor *tensor = psh__net_tensor(p->net, t);
        if (!tensor->is_trained) continue;
        float *found = calloc(tensor->n_values, sizeof *found);
        assert_int_equal(psh__net_get(p->net, t, PSH__GRADIENTS, found, NULL), PSH_OK);
        for (size_t i = 0; i < tensor->n_values; i += 1 + tensor->n_values / 60)
            assert_close((double)found[i] / 2, derivative(p, &p->weights[t][i]), 8, tensor->name, i);
        free(found);
    }
}

static void check(const psh__layer *layers, size_t n_layers, psh__shape in, int n_batch, int n_slices) {
    pair p = pair_create(layers, n_layers, in, n_batch, n_slices, 1, 3);
    check_forward(&p);
    check_gradients(&p);
    pair_free(&p);
}

/* --- Layers by themselves ------------------------------------------------------------------------------------------
 */

static void convolutions_agree_with_loops(void **state) {
    static const struct {
        psh__shape in;
        int out, kernel, stride, lo, hi;
    } cases[] = {{{6, 6, 1}, 4, 3, 1, 1, 1},   {{7, 5, 3}, 5, 3, 1, 1, 1},  {{6, 6, 16}, 32, 3, 1, 1, 1},
                 {{9, 9, 2}, 6, 5, 2, 1, 2},   {{8, 8, 4}, 3, 5, 1, 2, 2},  {{5, 5, 8}, 1, 1, 1, 0, 0},
                 {{6, 6, 20}, 17, 3, 2, 0, 1}, {{1, 1, 16}, 16, 3, 1, 1, 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        psh__layer layer = {.op = PSH__CONV,
                            .name = "c",
                            .out = {0, 0, cases[i].out},
                            .kernel = cases[i].kernel,
                            .stride = cases[i].stride,
                            .pad_lo = cases[i].lo,
                            .pad_hi = cases[i].hi};
        check(&layer, 1, cases[i].in, 4, 2);
    }
}

static void transposed_convolutions_agree_with_loops(void **state) {
    static const struct {
        psh__shape in;
        int out, kernel, stride, lo, hi;
    } cases[] = {{{4, 4, 3}, 5, 5, 2, 2, 2},
                 {{3, 5, 16}, 16, 5, 2, 1, 2},
                 {{5, 5, 8}, 1, 1, 1, 0, 0},
                 {{4, 4, 2}, 3, 3, 1, 1, 1},
                 {{3, 3, 20}, 12, 4, 2, 1, 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        psh__layer layer = {.op = PSH__DECONV,
                            .name = "d",
                            .out = {0, 0, cases[i].out},
                            .kernel = cases[i].kernel,
                            .stride = cases[i].stride,
                            .pad_lo = cases[i].lo,
                            .pad_hi = cases[i].hi};
        check(&layer, 1, cases[i].in, 4, 2);
    }
}

static void connected_layers_agree_with_loops(void **state) {
    psh__layer layer = {.op = PSH__DENSE, .name = "f", .out = {1, 1, 7}},
               wide = {.op = PSH__DENSE, .name = "f", .out = {2, 3, 50}};
    check(&layer, 1, (psh__shape){3, 2, 5}, 4, 2);
    check(&wide, 1, (psh__shape){1, 1, 300}, 4, 1);
}

static void pooling_agrees_with_loops(void **state) {
    for (psh__op op = PSH__MAX_POOL; op <= PSH__MEAN_POOL; op++) {
        psh__layer layer = {.op = op};
        check(&layer, 1, (psh__shape){6, 8, 3}, 4, 2);
        check(&layer, 1, (psh__shape){7, 5, 16}, 4, 4);
    }
}

static void batch_normalisation_agrees_with_loops(void **state) {
    psh__layer layer = {.op = PSH__BATCH_NORM, .name = "n"};
    check(&layer, 1, (psh__shape){3, 4, 5}, 4, 2);
    check(&layer, 1, (psh__shape){1, 1, 9}, 8, 4);
}

static void activations_agree_with_loops(void **state) {
    static const psh__op ops[] = {PSH__RELU, PSH__ELU, PSH__SIGMOID, PSH__CLIP};
    for (size_t i = 0; i < COUNT(ops); i++) {
        psh__layer layers[] = {{.op = PSH__DENSE, .name = "f", .out = {2, 2, 4}}, {.op = ops[i]}};
        check(layers, 2, (psh__shape){1, 1, 6}, 4, 2);
    }
}

static void pooling_gives_the_gradient_of_equal_values_to_the_first(void **state) {
    psh__layer layer = {.op = PSH__MAX_POOL};
    pair p = pair_create(&layer, 1, (psh__shape){2, 2, 1}, 1, 1, 1, 1);
    float *d;
    for (int i = 0; i < 4; i++) psh__net_input(p.net)[i] = i ? 3 : 1;
    forward(p.net, 1, true);
    psh__net_output_gradient(p.net)[0] = 5;
    backward(p.net, true, &d);
    assert_true(d[0] == 0 && d[1] == 5 && d[2] == 0 && d[3] == 0);
    pair_free(&p);
}

static void dropout_keeps_its_share_and_its_mask(void **state) {
    enum { N = 40000 };
    psh__layer layer = {.op = PSH__DROPOUT, .rate = 0.25};
    psh__net_params params = {.in = {1, 1, N / 4}, .n_batch = 4, .n_slices = 2, .is_training = true, .seed = 5};
    psh__net *net = make(&layer, 1, &params);
    float *d, *first = calloc(N, sizeof *first);
    size_t n_zero = 0, n_changed = 0;
    for (int i = 0; i < N; i++) psh__net_input(net)[i] = 1;
    forward(net, 4, true);
    memcpy(first, psh__net_output(net), N * sizeof *first);
    for (int i = 0; i < N; i++) {
        n_zero += first[i] == 0;
        assert_true(first[i] == 0 || fabsf(first[i] - 4 / 3.0f) < 1e-6f);
        psh__net_output_gradient(net)[i] = 1;
    }
    assert_in_range(n_zero, N / 4 - 400, N / 4 + 400);
    backward(net, true, &d);
    assert_memory_equal(d, first, N * sizeof *d);
    psh__net_set_steps(net, 1);
    for (int i = 0; i < N; i++) psh__net_input(net)[i] = 1;
    forward(net, 4, true);
    for (int i = 0; i < N; i++) n_changed += first[i] != psh__net_output(net)[i];
    assert_in_range(n_changed, N / 4, N / 2);
    for (int i = 0; i < N; i++) psh__net_input(net)[i] = 1;
    forward(net, 4, false);
    for (int i = 0; i < N; i++) assert_true(psh__net_output(net)[i] == 1);
    free(first);
    psh__net_free(net);
}

/* --- Networks ------------------------------------------------------------------------------------------------------
 */

static const psh__layer small_net[] = {
    {.op = PSH__CONV, .name = "a", .out = {0, 0, 8}, .kernel = 3, .stride = 1, .pad_lo = 1, .pad_hi = 1},
    {.op = PSH__RELU},
    {.op = PSH__CONV, .name = "b", .out = {0, 0, 16}, .kernel = 3, .stride = 1, .pad_lo = 1, .pad_hi = 1},
    {.op = PSH__BATCH_NORM, .name = "n"},
    {.op = PSH__ELU},
    {.op = PSH__MAX_POOL},
    {.op = PSH__DENSE, .name = "f", .out = {3, 3, 4}},
    {.op = PSH__ELU},
    {.op = PSH__DECONV, .name = "d", .out = {0, 0, 2}, .kernel = 5, .stride = 2, .pad_lo = 1, .pad_hi = 2},
    {.op = PSH__SIGMOID},
};

static void a_network_agrees_with_loops(void **state) {
    check(small_net, COUNT(small_net), (psh__shape){8, 8, 2}, 4, 2);
    check(small_net, COUNT(small_net), (psh__shape){8, 8, 2}, 6, 1);
}

/* All trained weights after a few steps of fitting random targets. */
static float *train(psh__net *net, size_t n_steps, size_t *n_floats, double *first_loss, double *last_loss) {
    psh__shape out = psh__net_out_shape(net);
    size_t n = 8 * (size_t)(out.h * out.w * out.c);
    float *target = calloc(n, sizeof *target);
    psh__random rng;
    psh__random_init(&rng, 11, 0);
    for (size_t i = 0; i < n; i++) target[i] = (float)psh__random_unit(&rng);
    for (size_t i = 0; i < 8 * 8 * 8 * 2; i++) psh__net_input(net)[i] = (float)draw(&rng);
    for (size_t step = 0; step < n_steps; step++) {
        forward(net, 8, true);
        psh__net_zero_gradients(net);
        memset(psh__net_output_gradient(net), 0, n * sizeof(float));
        *last_loss = psh__loss_mse(psh__net_output(net), target, n, 1, psh__net_output_gradient(net));
        if (step == 0) *first_loss = *last_loss;
        backward(net, true, NULL);
        psh__net_adam(net, &(psh__adam){.rate = 0.01});
    }
    free(target);
    *n_floats = 0;
    for (size_t t = 0; t < psh__net_n_tensors(net); t++) *n_floats += psh__net_tensor(net, t)->n_values;
    float *weights = calloc(*n_floats, sizeof *weights);
    for (size_t t = 0, at = 0; t < psh__net_n_tensors(net); at += psh__net_tensor(net, t++)->n_values)
        assert_int_equal(psh__net_get(net, t, PSH__VALUES, weights + at, NULL), PSH_OK);
    return weights;
}

/* The gradient of the last items by themselves, without what lies before them. */
static void a_part_of_the_batch_has_the_same_gradient(void **state) {
    psh__layer layers[] = {small_net[0], small_net[1], small_net[5], small_net[6], small_net[7]};
    pair p = pair_create(layers, COUNT(layers), (psh__shape){8, 8, 2}, 4, 2, 2, 3);
    float *d, *whole = calloc(p.n_in, sizeof *whole);
    forward(p.net, 4, true);
    for (size_t i = 0; i < p.n_out; i++) psh__net_output_gradient(p.net)[i] = (float)p.slope[i];
    backward(p.net, false, &d);
    memcpy(whole, d, p.n_in * sizeof *d);
    for (size_t i = 0; i < p.n_out; i++) psh__net_output_gradient(p.net)[i] = i < p.n_out / 2 ? NAN : (float)p.slope[i];
    assert_int_equal(psh__net_backward(p.net, 2, false, &d, NULL), PSH_OK);
    for (size_t i = p.n_in / 2; i < p.n_in; i++) assert_close((double)d[i], (double)whole[i], 1e-3, "gradient", i);
    free(whole);
    pair_free(&p);
}

static void training_gives_the_same_bytes_for_any_number_of_threads(void **state) {
    float *first = NULL;
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        psh__net_params params = {
            .in = {8, 8, 2}, .n_batch = 8, .n_slices = 4, .n_threads = n_threads, .is_training = true};
        psh__net *net = make(small_net, COUNT(small_net), &params);
        size_t n_floats;
        double first_loss, last_loss;
        float *weights = train(net, 5, &n_floats, &first_loss, &last_loss);
        if (n_threads == 1)
            first = weights;
        else {
            assert_memory_equal(weights, first, n_floats * sizeof *weights);
            free(weights);
        }
        psh__net_free(net);
    }
    free(first);
}

static void training_lowers_the_loss(void **state) {
    psh__net_params params = {.in = {8, 8, 2}, .n_batch = 8, .n_slices = 2, .n_threads = 1, .is_training = true};
    psh__net *net = make(small_net, COUNT(small_net), &params);
    size_t n_floats;
    double first_loss, last_loss;
    free(train(net, 100, &n_floats, &first_loss, &last_loss));
    assert_true(last_loss < 0.6 * first_loss);
    psh__net_free(net);
}

/* After many steps on one batch the running averages are that batch's, and so inference agrees with training. */
static void inference_agrees_with_training(void **state) {
    psh__net_params params = {.in = {8, 8, 2}, .n_batch = 8, .n_slices = 2, .n_threads = 1, .is_training = true};
    psh__net *net = make(small_net, COUNT(small_net), &params), *other;
    params.is_training = false;
    params.n_slices = 8;
    other = make(small_net, COUNT(small_net), &params);
    psh__random rng;
    psh__random_init(&rng, 1, 2);
    for (size_t i = 0; i < 8 * 8 * 8 * 2; i++) psh__net_input(net)[i] = (float)draw(&rng);
    for (int i = 0; i < 300; i++) forward(net, 8, true);
    for (size_t t = 0; t < psh__net_n_tensors(net); t++) {
        float *plain = calloc(psh__net_tensor(net, t)->n_values, sizeof *plain);
        assert_int_equal(psh__net_get(net, t, PSH__VALUES, plain, NULL), PSH_OK);
        assert_int_equal(psh__net_set(other, t, PSH__VALUES, plain, NULL), PSH_OK);
        free(plain);
    }
    memcpy(psh__net_input(other), psh__net_input(net), 8 * 8 * 8 * 2 * sizeof(float));
    forward(other, 8, false);
    psh__shape out = psh__net_out_shape(net);
    for (size_t i = 0; i < 8 * (size_t)(out.h * out.w * out.c); i++)
        assert_close((double)psh__net_output(other)[i], (double)psh__net_output(net)[i], 1, "output", i);
    psh__net_free(net);
    psh__net_free(other);
}

/* An item's output must not depend on where in the batch it is, nor on what is beside it. */
static void every_place_in_a_batch_gives_the_same_bytes(void **state) {
    psh__net_params params = {.in = {8, 8, 2}, .n_batch = 12, .n_slices = 3};
    psh__net *net = make(small_net, COUNT(small_net), &params);
    psh__shape out = psh__net_out_shape(net);
    size_t n_in = 8 * 8 * 2, n_out = (size_t)(out.h * out.w * out.c);
    psh__random rng;
    float *item = calloc(n_in, sizeof *item), *wanted = calloc(n_out, sizeof *wanted);
    psh__random_init(&rng, 4, 4);
    for (size_t i = 0; i < n_in; i++) item[i] = (float)draw(&rng);
    for (size_t place = 0; place < 12; place++) {
        for (size_t i = 0; i < 12 * n_in; i++) psh__net_input(net)[i] = (float)draw(&rng);
        memcpy(psh__net_input(net) + place * n_in, item, n_in * sizeof *item);
        forward(net, place + 1, false);
        const float *found = psh__net_output(net) + place * n_out;
        if (place == 0) memcpy(wanted, found, n_out * sizeof *wanted);
        assert_memory_equal(found, wanted, n_out * sizeof *wanted);
    }
    free(item);
    free(wanted);
    psh__net_free(net);
}

static void bfloat16_stays_near_float32(void **state) {
    psh__net_params params = {.in = {8, 8, 2}, .n_batch = 8, .n_slices = 2, .n_threads = 1, .is_training = true};
    psh__net *wide = make(small_net, COUNT(small_net), &params), *narrow = NULL;
    params.is_bf16 = true;
    psh_status status = psh__net_create(small_net, COUNT(small_net), &params, &narrow, NULL);
    if (status == PSH_ERR_UNSUPPORTED) {
        psh__net_free(wide);
        skip();
    }
    assert_int_equal(status, PSH_OK);
    assert_int_equal(psh__net_init(narrow, 7, 0, NULL), PSH_OK);
    size_t n_floats;
    double first[2], last[2];
    free(train(wide, 40, &n_floats, &first[0], &last[0]));
    free(train(narrow, 40, &n_floats, &first[1], &last[1]));
    assert_true(fabs(first[0] - first[1]) < 0.01 * first[0]);
    assert_true(fabs(last[0] - last[1]) < 0.1 * last[0]);
    psh__net_free(wide);
    psh__net_free(narrow);
}

/* --- Weights, optimisers, losses -----------------------------------------------------------------------------------
 */

static void weights_come_back_as_they_went_in(void **state) {
    for (int is_training = 0; is_training < 2; is_training++) {
        psh__net_params params = {.in = {8, 8, 2}, .n_batch = 2, .n_slices = 1, .is_training = is_training};
        psh__net *net = make(small_net, COUNT(small_net), &params);
        psh__random rng;
        psh__random_init(&rng, 9, 9);
        for (size_t t = 0; t < psh__net_n_tensors(net); t++) {
            size_t n = psh__net_tensor(net, t)->n_values;
            float *in = calloc(n, sizeof *in), *out = calloc(n, sizeof *out);
            for (size_t i = 0; i < n; i++) in[i] = (float)draw(&rng);
            assert_int_equal(psh__net_set(net, t, PSH__VALUES, in, NULL), PSH_OK);
            assert_int_equal(psh__net_get(net, t, PSH__VALUES, out, NULL), PSH_OK);
            assert_memory_equal(in, out, n * sizeof *in);
            bool has_moments = is_training && psh__net_tensor(net, t)->is_trained;
            assert_int_equal(psh__net_set(net, t, PSH__MOMENTS_2, in, NULL), has_moments ? PSH_OK : PSH_ERR_PARAMETER);
            free(in);
            free(out);
        }
        assert_string_equal(psh__net_tensor(net, 0)->name, "a.weight");
        psh__net_free(net);
    }
}

/* One weight: y = w x. */
static psh__net *single_weight(float w) {
    static const psh__layer layer = {.op = PSH__DENSE, .name = "f", .out = {1, 1, 1}};
    psh__net_params params = {.in = {1, 1, 1}, .n_batch = 1, .n_slices = 1, .n_threads = 1, .is_training = true};
    psh__net *net = make(&layer, 1, &params);
    assert_int_equal(psh__net_set(net, 0, PSH__VALUES, &w, NULL), PSH_OK);
    return net;
}

static void adam_takes_the_steps_of_its_paper(void **state) {
    psh__net *net = single_weight(2);
    double w = 2, m = 0, v = 0;
    for (int t = 1; t <= 20; t++) {
        float g = (float)sin(t), found;
        psh__net_zero_gradients(net);
        assert_int_equal(psh__net_set(net, 0, PSH__GRADIENTS, &g, NULL), PSH_OK);
        psh__net_adam(net, &(psh__adam){.rate = 0.1});
        m = 0.9 * m + 0.1 * (double)g;
        v = 0.999 * v + 0.001 * (double)(g * g);
        w -= 0.1 * (m / (1 - pow(0.9, t))) / (sqrt(v / (1 - pow(0.999, t))) + 1e-8);
        assert_int_equal(psh__net_get(net, 0, PSH__VALUES, &found, NULL), PSH_OK);
        assert_close((double)found, w, 0.01, "weight", (size_t)t);
    }
    assert_int_equal(psh__net_steps(net), 20);
    psh__net_free(net);
}

static void sgd_follows_the_gradient(void **state) {
    psh__net *net = single_weight(2);
    float g = 3, found;
    for (int t = 0; t < 2; t++) {
        assert_int_equal(psh__net_set(net, 0, PSH__GRADIENTS, &g, NULL), PSH_OK);
        psh__net_sgd(net, 0.1, 0.5);
    }
    assert_int_equal(psh__net_get(net, 0, PSH__VALUES, &found, NULL), PSH_OK);
    assert_close((double)found, 2 - 0.1 * 3 - 0.1 * 4.5, 0, "weight", 0);
    psh__net_free(net);
}

static void losses_and_their_gradients_agree(void **state) {
    float x[] = {-200, -3, -0.5f, 0, 0.7f, 4, 200}, target[COUNT(x)] = {1, 0, -1, 2, 0.5f, 4, 199};
    for (int kind = 0; kind < 3; kind++) {
        float d[COUNT(x)] = {0};
        double loss =
            kind == 2 ? psh__loss_mse(x, target, COUNT(x), 2, d) : psh__loss_logistic(x, kind == 1, COUNT(x), 2, d);
        assert_true(isfinite(loss));
        for (size_t i = 0; i < COUNT(x); i++) {
            float before = x[i], step = 0x1p-7f;
            double sums[2];
            for (int side = 0; side < 2; side++) {
                x[i] = before + (side ? step : -step);
                sums[side] = kind == 2 ? psh__loss_mse(x, target, COUNT(x), 1, NULL)
                                       : psh__loss_logistic(x, kind == 1, COUNT(x), 1, NULL);
            }
            x[i] = before;
            assert_true(fabs((double)d[i] - 2 * (sums[1] - sums[0]) / (2 * (double)step)) < 1e-3);
        }
    }
}

static void he_weights_have_their_variance(void **state) {
    psh__layer layer = {
        .op = PSH__CONV, .name = "c", .out = {0, 0, 64}, .kernel = 3, .stride = 1, .pad_lo = 1, .pad_hi = 1};
    psh__net_params params = {.in = {4, 4, 32}, .n_batch = 1, .n_slices = 1};
    psh__net *net = make(&layer, 1, &params);
    size_t n = psh__net_tensor(net, 0)->n_values;
    float *w = calloc(n, sizeof *w);
    double sum = 0;
    assert_int_equal(psh__net_get(net, 0, PSH__VALUES, w, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) sum += (double)(w[i] * w[i]);
    assert_true(fabs(sum / (double)n * 32 * 9 / 2 - 1) < 0.03);
    free(w);
    psh__net_free(net);
}

static void layers_that_do_not_fit_are_refused(void **state) {
    psh__net *net = NULL;
    psh_error err;
    psh__layer pools[] = {{.op = PSH__MAX_POOL}, {.op = PSH__MAX_POOL}, {.op = PSH__MAX_POOL}};
    psh__layer no_name = {.op = PSH__DENSE, .out = {1, 1, 2}}, rate = {.op = PSH__DROPOUT, .rate = 1};
    psh__net_params params = {.in = {4, 4, 1}, .n_batch = 4, .n_slices = 3};
    assert_int_equal(psh__net_create(pools, 2, &params, &net, &err), PSH_ERR_SHAPE);
    params.n_slices = 2;
    assert_int_equal(psh__net_create(pools, 3, &params, &net, &err), PSH_ERR_SHAPE);
    assert_int_equal(psh__net_create(pools, 0, &params, &net, &err), PSH_ERR_SHAPE);
    assert_int_equal(psh__net_create(&no_name, 1, &params, &net, &err), PSH_ERR_SHAPE);
    assert_int_equal(psh__net_create(&rate, 1, &params, &net, &err), PSH_ERR_SHAPE);
}

static void failing_memory_is_an_error_and_leaks_nothing(void **state) {
    psh__net_params params = {.in = {8, 8, 2}, .n_batch = 4, .n_slices = 2, .n_threads = 2, .is_training = true};
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh__net *net = NULL;
        psh_error err = {0};
        psh__alloc_fail_at(n);
        status = psh__net_create(small_net, COUNT(small_net), &params, &net, &err);
        if (status == PSH_OK) status = psh__net_init(net, 1, 1, &err);
        psh__alloc_fail_at(0);
        if (status != PSH_OK) assert_int_equal(status, PSH_ERR_MEMORY);
        psh__net_free(net);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_agree_with_loops),
        cmocka_unit_test(transposed_convolutions_agree_with_loops),
        cmocka_unit_test(connected_layers_agree_with_loops),
        cmocka_unit_test(pooling_agrees_with_loops),
        cmocka_unit_test(batch_normalisation_agrees_with_loops),
        cmocka_unit_test(activations_agree_with_loops),
        cmocka_unit_test(pooling_gives_the_gradient_of_equal_values_to_the_first),
        cmocka_unit_test(dropout_keeps_its_share_and_its_mask),
        cmocka_unit_test(a_network_agrees_with_loops),
        cmocka_unit_test(a_part_of_the_batch_has_the_same_gradient),
        cmocka_unit_test(training_gives_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(training_lowers_the_loss),
        cmocka_unit_test(inference_agrees_with_training),
        cmocka_unit_test(every_place_in_a_batch_gives_the_same_bytes),
        cmocka_unit_test(bfloat16_stays_near_float32),
        cmocka_unit_test(weights_come_back_as_they_went_in),
        cmocka_unit_test(adam_takes_the_steps_of_its_paper),
        cmocka_unit_test(sgd_follows_the_gradient),
        cmocka_unit_test(losses_and_their_gradients_agree),
        cmocka_unit_test(he_weights_have_their_variance),
        cmocka_unit_test(layers_that_do_not_fit_are_refused),
        cmocka_unit_test(failing_memory_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
