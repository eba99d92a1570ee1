/* fuzz_training_log.c : any bytes as a log of train pdgan: epochs that rise, or a refusal; what is read can be written
 * onto a page. */
#define _GNU_SOURCE
#include "as_file.h"

#include "report/training_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh__training_log log;
    psh__text json = {0};
    psh_error err;
    if (psh__training_log_parse(data, n_bytes, &log, &err) != PSH_OK) return 0;
    fuzz_check(log.n_epochs > 0 && log.columns[0] != NULL);
    for (size_t i = 1; i < log.n_epochs; i++) fuzz_check(log.columns[0][i] > log.columns[0][i - 1]);
    psh__training_log_write(&log, "log", &json);
    fuzz_check(!json.failed && json.n_bytes > 0);
    psh__text_free(&json);
    psh__training_log_free(&log);
    return 0;
}
