/* prepare.c : what the options ask to be done to an item once it is read: images are scaled, then smoothed; meshes and
 * large clouds are sampled. An option that is not for items of this kind is refused. */
#include "base/error.h"
#include "input/shape.h"

/* Replaces *image by what `change` makes of it. */
static psh_status replace(psh_status (*change)(const psh_image *, double, psh_image **, psh_error *), double amount,
                          psh_image **image, psh_error *err) {
    psh_image *changed;
    PSH_TRY(change(*image, amount, &changed, err));
    psh_image_free(*image);
    *image = changed;
    return PSH_OK;
}

static psh_status prepare_image(const psh_input_params *params, psh_item *item, psh_error *err) {
    double factor = params->scale_factor, sigma = params->smooth_sigma;
    if (factor != 0 && factor != 1) PSH_TRY(replace(psh_image_scale, factor, &item->image, err));
    if (sigma != 0) PSH_TRY(replace(psh_image_smooth, sigma, &item->image, err));
    return PSH_OK;
}

static psh_status sample(const psh_input_params *params, psh_item *item, psh_error *err) {
    psh_item sampled = {.kind = PSH_ITEM_CLOUD};
    if (item->kind == PSH_ITEM_MESH)
        PSH_TRY(psh_mesh_sample(item->mesh, params->n_samples, params->sample_seed, &sampled.cloud, err));
    else if (item->cloud->n_points > params->n_samples)
        PSH_TRY(psh__cloud_thin(item->cloud, params->n_samples, params->sample_seed, &sampled.cloud, err));
    else
        return PSH_OK;
    psh_item_free(item);
    *item = sampled;
    return PSH_OK;
}

psh_status psh_input_prepare(const psh_input *input, size_t i_item, psh_item *item, psh_error *err) {
    const psh_input_params *params = psh_input_options(input);
    psh_status status = PSH_OK;
    bool is_image = item->kind == PSH_ITEM_IMAGE, is_matrix = item->kind == PSH_ITEM_MATRIX;
    if (!is_image && (params->scale_factor != 0 || params->smooth_sigma != 0))
        status = psh__error(err, PSH_ERR_PARAMETER, "scaling and smoothing are for images; this is a %s",
                            psh_item_kind_name(item->kind));
    else if ((is_image || is_matrix) && params->n_samples != 0)
        status = psh__error(err, PSH_ERR_PARAMETER, "sampling is for meshes and clouds; this is a%s %s",
                            is_image ? "n" : "", psh_item_kind_name(item->kind));
    else if (is_image)
        status = prepare_image(params, item, err);
    else if (params->n_samples != 0)
        status = sample(params, item, err);
    if (status == PSH_OK) return PSH_OK;
    psh_item_free(item);
    return psh__error_prefix(err, status, "%s", psh_input_name(input, i_item));
}
