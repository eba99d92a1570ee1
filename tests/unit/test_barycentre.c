/* test_barycentre.c : k-means of diagrams with Wasserstein barycentres. */
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
#include "base/random.h"
#include "persihash/cluster.h"
#include "persihash/score.h"

static psh_diagrams *empty_set(void) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    return set;
}

static void append(psh_diagrams *set, const double *points, const int32_t *dims, size_t n_points) {
    assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
}

/* Groups of diagrams, the first ones about (0, 1), the others each 3 further up the diagonal. */
static psh_diagrams *groups_apart(size_t n_groups, size_t n_each, size_t n_points) {
    psh_diagrams *set = empty_set();
    for (size_t i = 0; i < n_groups * n_each; i++) {
        double points[64][2];
        int32_t dims[64];
        psh__random rng;
        psh__random_init(&rng, 4, i);
        for (size_t p = 0; p < n_points; p++) {
            points[p][0] = 3 * (double)(i % n_groups) + psh__random_unit(&rng);
            points[p][1] = points[p][0] + 0.5 + psh__random_unit(&rng);
            dims[p] = (int32_t)(p % 2);
        }
        append(set, points[0], dims, n_points);
    }
    return set;
}

static psh_diagrams *cluster(const psh_diagrams *set, size_t k, const psh_barycentre_params *params, int n_threads,
                             int64_t *labels, psh_barycentre_report *report) {
    psh_error err = {0};
    psh_diagrams *barycentres = NULL;
    report->struct_bytes = sizeof *report;
    if (psh_cluster_barycentre(set, k, params, n_threads, NULL, labels, &barycentres, report, &err) != PSH_OK)
        fail_msg("%s", err.text);
    return barycentres;
}

static void equal_diagrams_are_their_own_barycentre(void **state) {
    const double points[] = {0, 1, 0.25, 0.5, 3, 5, 7, 7};
    const int32_t dims[] = {0, 1, 1, 0};
    psh_diagrams *set = empty_set();
    int64_t labels[5];
    psh_barycentre_report report;
    for (int i = 0; i < 5; i++) append(set, points, dims, 4);
    psh_diagrams *found = cluster(set, 1, NULL, 1, labels, &report);
    psh_wasserstein_params w2 = {.struct_bytes = sizeof w2, .order = 2, .ground = PSH_GROUND_L2};
    double distance;
    assert_int_equal(psh_wasserstein_pair(found, 0, set, 0, &w2, &distance, NULL), PSH_OK);
    assert_true(distance < 1e-12 && report.energy < 1e-24);
    psh_diagrams_free(found);
    found = cluster(set, 3, NULL, 1, labels, &report); // there is but one distinct diagram
    assert_int_equal(report.n_clusters, 1);
    assert_int_equal(psh_diagrams_count(found), 1);
    for (int i = 0; i < 5; i++) assert_int_equal(labels[i], 0);
    psh_diagrams_free(found), psh_diagrams_free(set);
}

static void two_points_have_their_midpoint(void **state) {
    const double a[] = {0, 2}, b[] = {0.5, 2.1};
    psh_diagrams *set = empty_set();
    int64_t labels[2];
    psh_barycentre_report report;
    append(set, a, NULL, 1), append(set, b, NULL, 1);
    psh_diagrams *found = cluster(set, 1, NULL, 1, labels, &report);
    assert_int_equal(psh_diagrams_n_points(found), 1);
    assert_true(fabs(psh_diagrams_points(found)[0] - 0.25) < 1e-14 &&
                fabs(psh_diagrams_points(found)[1] - 2.05) < 1e-14);
    assert_true(fabs(report.energy - (0.25 + 0.01) / 2) < 1e-14);
    psh_diagrams_free(found), psh_diagrams_free(set);
}

/* One of three has a point of persistence 3, the others nothing: persistence 1, about the same midpoint. */
static void a_point_that_others_lack_is_drawn_to_the_diagonal(void **state) {
    const double point[] = {1, 4};
    psh_diagrams *set = empty_set();
    int64_t labels[3];
    psh_barycentre_report report;
    append(set, NULL, NULL, 0), append(set, point, NULL, 1), append(set, NULL, NULL, 0);
    psh_diagrams *found = cluster(set, 1, NULL, 1, labels, &report);
    assert_int_equal(psh_diagrams_n_points(found), 1);
    assert_true(fabs(psh_diagrams_points(found)[0] - 2) < 1e-14 && fabs(psh_diagrams_points(found)[1] - 3) < 1e-14);
    assert_true(fabs(report.energy - 4.5 * (1 - 1. / 3)) < 1e-14);
    psh_diagrams_free(found), psh_diagrams_free(set);
}

static void empty_diagrams_have_an_empty_barycentre(void **state) {
    psh_diagrams *set = empty_set();
    int64_t labels[3];
    psh_barycentre_report report;
    for (int i = 0; i < 3; i++) append(set, NULL, NULL, 0);
    psh_diagrams *found = cluster(set, 2, NULL, 1, labels, &report);
    assert_true(report.n_clusters == 1 && report.energy == 0 && psh_diagrams_n_points(found) == 0);
    psh_diagrams_free(found), psh_diagrams_free(set);
}

static void energy_never_rises_with_iterations(void **state) {
    psh_diagrams *set = groups_apart(1, 20, 12);
    int64_t labels[20];
    double before = INFINITY;
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_barycentre_report report;
    params.n_starts = 1;
    for (params.max_iterations = 1; params.max_iterations < 12; params.max_iterations++) {
        psh_diagrams_free(cluster(set, 3, &params, 1, labels, &report));
        assert_true(report.energy <= before && report.energy < report.first_energy);
        before = report.energy;
    }
    psh_diagrams_free(set);
}

/* The energy reported is that of labels and barycentres, and every diagram is with the nearest. */
static void the_result_is_what_it_says(void **state) {
    psh_diagrams *set = groups_apart(2, 10, 9);
    int64_t labels[20];
    double energy = 0;
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_barycentre_report report;
    psh_wasserstein_params w2 = {.struct_bytes = sizeof w2, .order = 2, .ground = PSH_GROUND_L2, .pool = true};
    params.pool = true;
    psh_diagrams *found = cluster(set, 4, &params, 1, labels, &report);
    assert_int_equal(report.n_clusters, 4);
    for (size_t i = 0; i < 20; i++) {
        double distances[4];
        for (size_t c = 0; c < 4; c++)
            assert_int_equal(psh_wasserstein_pair(set, i, found, c, &w2, &distances[c], NULL), PSH_OK);
        for (size_t c = 0; c < 4; c++) assert_true(distances[labels[i]] <= distances[c] * (1 + 1e-12));
        energy += distances[labels[i]] * distances[labels[i]];
    }
    assert_true(fabs(energy - report.energy) < 1e-12 * energy);
    psh_diagrams_free(found), psh_diagrams_free(set);
}

static void groups_apart_are_found_for_every_seed(void **state) {
    psh_diagrams *set = groups_apart(3, 6, 8);
    int64_t labels[18];
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_barycentre_report report;
    for (params.seed = 0; params.seed < 10; params.seed++) {
        psh_diagrams_free(cluster(set, 3, &params, 1, labels, &report));
        for (int i = 0; i < 18; i++) assert_int_equal(labels[i], i % 3);
    }
    psh_diagrams_free(set);
}

static void threads_do_not_change_a_bit(void **state) {
    psh_diagrams *set = groups_apart(1, 30, 15);
    int64_t labels[2][30];
    psh_barycentre_report reports[2];
    psh_diagrams *found[2];
    for (int t = 0; t < 2; t++) found[t] = cluster(set, 4, NULL, t + 1, labels[t], &reports[t]);
    assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
    assert_memory_equal(&reports[0].energy, &reports[1].energy, sizeof(double));
    assert_int_equal(reports[0].n_matchings, reports[1].n_matchings);
    assert_int_equal(psh_diagrams_n_points(found[0]), psh_diagrams_n_points(found[1]));
    assert_memory_equal(psh_diagrams_points(found[0]), psh_diagrams_points(found[1]),
                        psh_diagrams_n_points(found[0]) * 2 * sizeof(double));
    for (int t = 0; t < 2; t++) psh_diagrams_free(found[t]);
    psh_diagrams_free(set);
}

static void as_many_clusters_as_diagrams_cost_nothing(void **state) {
    psh_diagrams *set = groups_apart(1, 6, 5);
    int64_t labels[6];
    psh_barycentre_report report;
    psh_diagrams_free(cluster(set, 6, NULL, 1, labels, &report));
    assert_true(report.n_clusters == 6 && report.energy < 1e-24);
    for (int i = 0; i < 6; i++) assert_int_equal(labels[i], i);
    psh_diagrams_free(set);
}

static void a_time_limit_gives_the_best_so_far(void **state) {
    psh_diagrams *set = groups_apart(3, 10, 40);
    int64_t labels[30];
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_barycentre_report report;
    params.time_limit = 1e-6;
    psh_diagrams *found = cluster(set, 3, &params, 2, labels, &report);
    assert_true(report.is_stopped_by_time && report.n_clusters == 3 && report.energy <= report.first_energy);
    for (int i = 0; i < 30; i++) assert_int_equal(labels[i], i % 3);
    psh_diagrams_free(found), psh_diagrams_free(set);
}

static void refused(const psh_diagrams *set, size_t k, const psh_barycentre_params *params, psh_status expected,
                    const char *word) {
    int64_t labels[8];
    psh_error err = {0};
    psh_diagrams *found = NULL;
    assert_int_equal(psh_cluster_barycentre(set, k, params, 1, NULL, labels, &found, NULL, &err), expected);
    assert_non_null(strstr(err.text, word));
    assert_null(found);
}

static void bad_input_is_refused(void **state) {
    const double infinite[] = {0, INFINITY}, huge[] = {0, 1e200}, good[] = {0, 1};
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_diagrams *set = empty_set();
    refused(set, 1, NULL, PSH_ERR_EMPTY, "at least 1");
    append(set, good, NULL, 1);
    refused(set, 0, NULL, PSH_ERR_PARAMETER, "k = 0");
    refused(set, 2, NULL, PSH_ERR_PARAMETER, "k = 2");
    params.time_limit = -1, refused(set, 1, &params, PSH_ERR_PARAMETER, "time_limit = -1");
    params.time_limit = NAN, refused(set, 1, &params, PSH_ERR_PARAMETER, "time_limit");
    params.time_limit = 0, params.n_starts = -1, refused(set, 1, &params, PSH_ERR_PARAMETER, "n_starts = -1");
    append(set, infinite, NULL, 1), refused(set, 1, NULL, PSH_ERR_DATA, "--essential drop");
    psh_diagrams_free(set), set = empty_set();
    append(set, huge, NULL, 1), refused(set, 1, NULL, PSH_ERR_DATA, "1e+200");
    psh_diagrams_free(set);
}

static bool stop(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return false;
}

static void a_caller_can_stop_it(void **state) {
    psh_diagrams *set = groups_apart(1, 6, 5), *found = NULL;
    psh_progress progress = {stop, NULL};
    int64_t labels[6];
    assert_int_equal(psh_cluster_barycentre(set, 2, NULL, 1, &progress, labels, &found, NULL, NULL),
                     PSH_ERR_INTERRUPTED);
    assert_null(found);
    psh_diagrams_free(set);
}

static void each_failed_allocation_is_reported(void **state) {
    psh_diagrams *set = groups_apart(2, 3, 4);
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_status status = PSH_ERR_MEMORY;
    params.n_starts = 1;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh_diagrams *found = NULL;
        int64_t labels[6];
        psh__alloc_fail_at(n);
        status = psh_cluster_barycentre(set, 2, &params, 1, NULL, labels, &found, NULL, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || (status == PSH_ERR_MEMORY && !found));
        psh_diagrams_free(found);
    }
    psh_diagrams_free(set);
}

/* Classes of a published ensemble, for several seeds. */
static void real_classes(const char *path, size_t k) {
    psh_diagrams *set;
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_barycentre_report report;
    if (access(path, R_OK)) {
        print_message("%s is missing\n", path);
        skip();
    }
    assert_int_equal(psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &set, NULL, NULL), PSH_OK);
    int64_t *labels = malloc(psh_diagrams_count(set) * sizeof *labels);
    params.pool = true;
    for (params.seed = 0; params.seed < 5; params.seed++) {
        double ari;
        psh_diagrams_free(cluster(set, k, &params, 2, labels, &report));
        assert_int_equal(psh_score_ari(labels, psh_diagrams_labels(set), psh_diagrams_count(set), &ari, NULL), PSH_OK);
        print_message("k = %zu, seed %d: ARI %.4f, energy %.6g after %.6g, %d iterations, %zu matchings\n", k,
                      (int)params.seed, ari, report.energy, report.first_energy, report.n_iterations,
                      report.n_matchings);
        assert_true(ari == 1);
    }
    free(labels);
    psh_diagrams_free(set);
}

static void vortex_street_falls_into_its_classes(void **state) {
    real_classes(PSH_DATASETS "/vortex_street/diagrams.npz", 5);
}

static void starting_vortex_falls_into_its_classes(void **state) {
    real_classes(PSH_DATASETS "/starting_vortex/diagrams.npz", 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_diagrams_are_their_own_barycentre),
        cmocka_unit_test(two_points_have_their_midpoint),
        cmocka_unit_test(a_point_that_others_lack_is_drawn_to_the_diagonal),
        cmocka_unit_test(empty_diagrams_have_an_empty_barycentre),
        cmocka_unit_test(energy_never_rises_with_iterations),
        cmocka_unit_test(the_result_is_what_it_says),
        cmocka_unit_test(groups_apart_are_found_for_every_seed),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(as_many_clusters_as_diagrams_cost_nothing),
        cmocka_unit_test(a_time_limit_gives_the_best_so_far),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(a_caller_can_stop_it),
        cmocka_unit_test(each_failed_allocation_is_reported),
        cmocka_unit_test(vortex_street_falls_into_its_classes),
        cmocka_unit_test(starting_vortex_falls_into_its_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
