/* prepare.c : what the options ask to be done to an item once it is read: images are scaled, then smoothed; meshes are
 * sampled or taken as their vertices; large clouds are thinned. An option that is not for items of this kind is
 * refused, and so is an item of another kind than was asked for. */
#include "base/error.h"
#include "input/format.h"
#include "input/image.h"
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

static void become_cloud(psh_item *item, psh_cloud *cloud) {
    psh_item_free(item);
    *item = (psh_item){.kind = PSH_ITEM_CLOUD, .cloud = cloud};
}

/* A mesh without a triangle is a cloud, as files of points in mesh formats are; so is one that was asked for as a
 * cloud. Points of the surface are sampled where there is one, else vertices. */
static psh_status prepare_mesh(const psh_input_params *params, psh_item *item, psh_error *err) {
    const psh_mesh *mesh = item->mesh;
    bool has_surface = mesh->n_triangles > 0;
    psh_cloud *cloud = NULL;
    if (params->n_samples > 0 && has_surface)
        PSH_TRY(psh_mesh_sample(mesh, params->n_samples, params->sample_seed, &cloud, err));
    else if (params->n_samples > 0 || params->kind == PSH_ITEM_CLOUD || (params->kind == PSH_ITEM_AUTO && !has_surface))
        PSH_TRY(psh_cloud_create(mesh->vertices, mesh->n_vertices, 3, &cloud, err));
    if (cloud) become_cloud(item, cloud);
    return PSH_OK;
}

static psh_status thin_cloud(const psh_input_params *params, psh_item *item, psh_error *err) {
    psh_cloud *thinned;
    if (params->n_samples == 0 || item->cloud->n_points <= params->n_samples) return PSH_OK;
    PSH_TRY(psh__cloud_thin(item->cloud, params->n_samples, params->sample_seed, &thinned, err));
    become_cloud(item, thinned);
    return PSH_OK;
}

static psh_status check_options(const psh_input_params *params, const psh_item *item, psh_error *err) {
    bool is_image = item->kind == PSH_ITEM_IMAGE;
    bool has_points = item->kind == PSH_ITEM_CLOUD || item->kind == PSH_ITEM_MESH;
    if (!is_image && (params->scale_factor != 0 || params->smooth_sigma != 0))
        return psh__error(err, PSH_ERR_PARAMETER, "scaling and smoothing are for images; this is %s",
                          psh__kind_text(item->kind));
    if (!has_points && params->n_samples != 0)
        return psh__error(err, PSH_ERR_PARAMETER, "sampling is for meshes and clouds; this is %s",
                          psh__kind_text(item->kind));
    if (is_image && params->is_volume && item->image->shape[0] == 1)
        return psh__error(err, PSH_ERR_SHAPE, "is no volume, but one plane of %zu x %zu pixels; leave out the wish",
                          item->image->shape[1], item->image->shape[2]);
    return PSH_OK;
}

static psh_status check_kind(const psh_input_params *params, const psh_item *item, psh_error *err) {
    bool is_sampled_mesh = params->kind == PSH_ITEM_MESH && item->kind == PSH_ITEM_CLOUD && params->n_samples > 0;
    if (params->kind == PSH_ITEM_AUTO || params->kind == item->kind || is_sampled_mesh) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "is %s and cannot be read as %s", psh__kind_text(item->kind),
                      psh__kind_text(params->kind));
}

psh_status psh_input_prepare(const psh_input *input, size_t i_item, psh_item *item, psh_error *err) {
    const psh_input_params *params = psh_input_options(input);
    psh_status status = check_options(params, item, err);
    if (status == PSH_OK && item->kind == PSH_ITEM_IMAGE) status = prepare_image(params, item, err);
    if (status == PSH_OK && item->kind == PSH_ITEM_MESH) status = prepare_mesh(params, item, err);
    if (status == PSH_OK && item->kind == PSH_ITEM_CLOUD) status = thin_cloud(params, item, err);
    if (status == PSH_OK) status = check_kind(params, item, err);
    if (status == PSH_OK) return PSH_OK;
    psh_item_free(item);
    return psh__error_prefix(err, status, "%s", psh_input_name(input, i_item));
}
