/* report.c : one HTML page that needs nothing but a browser.
 *
 * The page is page.html with its marks filled in:
 *     {{title}}   the title, escaped as HTML
 *     {{css}}     page.css
 *     {{data}}    one JSON object (page_data.c), escaped so that no text of the user's can end the script element
 *     {{js}}      page.js, which writes every text of the user's as text, never as HTML
 *     {{plotly}}  plotly.js, minified when the library was built
 * Everything is drawn while the page loads: when it has loaded it is complete, for printers and makers of thumbnails
 * too. So nothing is deflated, though that would save 2 MB of 11: browsers inflate asynchronously only. The page
 * forbids itself all network access (its Content-Security-Policy), so it looks the same in ten years and tells nobody
 * that it is read. Nothing in it depends on the time of day: same parameters, same bytes. */
#include "persihash/report.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "report/assets.h"
#include "report/gather.h"
#include "report/page_data.h"
#include "report/page_text.h"

typedef struct filling {
    const char *mark;
    const void *bytes;
    size_t n_bytes;
} filling;

/* The first "{{" in [begin, end), or end. */
static const uint8_t *find_mark(const uint8_t *begin, const uint8_t *end) {
    while (end - begin >= 2 && !(begin[0] == '{' && begin[1] == '{')) begin++;
    return end - begin >= 2 ? begin : end;
}

/* Writes `html` with each mark replaced. What is filled in is not looked at again. */
static psh_status write_page(psh__file *file, psh__embedded html, const filling *fillings, size_t n_fillings,
                             psh_error *err) {
    const uint8_t *rest = html.bytes, *end = html.bytes + html.n_bytes;
    for (;;) {
        const uint8_t *mark = find_mark(rest, end);
        PSH_TRY(psh__file_write(file, rest, (size_t)(mark - rest), err));
        if (mark == end) return PSH_OK;
        const filling *found = NULL;
        for (size_t i = 0; i < n_fillings; i++) {
            size_t n_mark = strlen(fillings[i].mark);
            if ((size_t)(end - mark) >= n_mark && memcmp(mark, fillings[i].mark, n_mark) == 0) found = &fillings[i];
        }
        assert(found); /* page.html is ours */
        PSH_TRY(psh__file_write(file, found->bytes, found->n_bytes, err));
        rest = mark + strlen(found->mark);
    }
}

psh_status psh_report_write(const psh_report_params *params, const char *path, psh_error *err) {
    psh_status status;
    psh__gathered gathered;
    psh__file file = {0};
    psh__text title = {0}, data = {0};
    PSH_TRY_GOTO(psh__gather(params, &gathered, err));
    PSH_TRY_GOTO(psh__page_data_write(&gathered, &data, err));
    psh__text_html(&title, gathered.params.title ? gathered.params.title : "persihash");
    psh__embedded css = psh__asset_css(), js = psh__asset_js(), plotly = psh__asset_plotly();
    PSH_TRY_GOTO(psh__text_status(&title, err));

    const filling fillings[] = {{"{{title}}", title.bytes, title.n_bytes},
                                {"{{css}}", css.bytes, css.n_bytes},
                                {"{{data}}", data.bytes, data.n_bytes},
                                {"{{plotly}}", plotly.bytes, plotly.n_bytes},
                                {"{{js}}", js.bytes, js.n_bytes}};
    PSH_TRY_GOTO(psh__file_create(path, &file, err));
    PSH_TRY_GOTO(write_page(&file, psh__asset_html(), fillings, sizeof fillings / sizeof *fillings, err));
    status = psh__file_commit(&file, err);
done:
    psh__file_abort(&file);
    psh__text_free(&title);
    psh__text_free(&data);
    psh__gathered_free(&gathered);
    return status;
}
