/* drift.c : warns when new diagrams lie elsewhere than those that a model was fitted on. */
#include "drift.h"

static psh_status summarise(cli *c, const psh_drift_report *r, psh_error *err) {
    psh_meta *drift;
    CLI_TRY(psh_meta_create(&drift, err));
    psh_meta_set_bool(drift, "found", r->text[0] != 0);
    psh_meta_set_integer(drift, "n_old", (int64_t)r->n_old);
    psh_meta_set_bool(drift, "outside", r->is_outside);
    psh_meta_set_number(drift, "share_outside", r->share_outside);
    psh_meta_set_bool(drift, "shifted", r->is_shifted);
    psh_meta_set_integer(drift, "bit", r->i_bit);
    psh_meta_set_number(drift, "old_mean", r->old_mean);
    psh_meta_set_number(drift, "new_mean", r->new_mean);
    psh_meta_set_number(drift, "limit_change", r->limit_change);
    psh_meta_set_bool(drift, "far", r->is_far);
    psh_meta_set_integer(drift, "far_distance", r->far_distance);
    psh_meta_set_number(drift, "share_far", r->share_far);
    psh_meta_set_number(drift, "share_far_old", r->share_far_old);
    psh_meta_set_integer(drift, "farthest", r->farthest);
    psh_meta_set_integer(drift, "farthest_old", r->farthest_old);
    psh_meta_set_text(drift, "text", r->text);
    psh_status status = psh_meta_set_object(c->summary, "drift", drift);
    psh_meta_free(drift);
    return status == PSH_OK ? PSH_OK : cli_fail(err, status, "no memory for the summary");
}

psh_status cli_drift(cli *c, const char *path, const psh_model *model, const psh_diagrams *set, const uint8_t *codes,
                     psh_error *err) {
    psh_drift_report report = PSH_PARAMS(psh_drift_report);
    psh_codes *old;
    CLI_TRY(psh_codes_read(path, &old, err));
    psh_status status = psh_drift_check(model, old, set, codes, &report, err);
    psh_codes_free(old);
    if (status == PSH_OK && report.text[0]) cli_warn(c, "%s\n", report.text);
    return status == PSH_OK ? summarise(c, &report, err) : status;
}
