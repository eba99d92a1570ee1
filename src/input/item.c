/* item.c : any of the four kinds. */
#include "persihash/input.h"

void psh_item_free(psh_item *item) {
    psh_image_free(item->image);
    psh_cloud_free(item->cloud);
    psh_matrix_free(item->matrix);
    psh_mesh_free(item->mesh);
    *item = (psh_item){0};
}

const char *psh_item_kind_name(psh_item_kind kind) {
    static const char *const names[] = {"auto", "image", "cloud", "matrix", "mesh"};
    return kind >= PSH_ITEM_AUTO && kind <= PSH_ITEM_MESH ? names[kind] : "?";
}
