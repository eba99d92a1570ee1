/* replay.c : stands in for libFuzzer: runs a target over every file of a corpus folder, and over every prefix of each,
 * each in a heap block of exactly its size, so that a sanitizer sees a read of one byte too many. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void run_prefix(const uint8_t *bytes, size_t n_bytes) {
    uint8_t *exact = malloc(n_bytes ? n_bytes : 1);
    if (!exact) abort();
    memcpy(exact, bytes, n_bytes);
    LLVMFuzzerTestOneInput(exact, n_bytes);
    free(exact);
}

int main(int argc, char **argv) {
    size_t n_files = 0, n_runs = 0;
    for (int i_arg = 1; i_arg < argc; i_arg++) {
        DIR *folder = opendir(argv[i_arg]);
        if (!folder) {
            fprintf(stderr, "replay: no corpus folder %s\n", argv[i_arg]);
            return 1;
        }
        for (struct dirent *entry; (entry = readdir(folder));) {
            char path[4096];
            if (entry->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[i_arg], entry->d_name);
            FILE *file = fopen(path, "rb");
            if (!file) return 1;
            static uint8_t bytes[1 << 20];
            size_t n_bytes = fread(bytes, 1, sizeof bytes, file);
            fclose(file);
            size_t step =
                n_bytes > 4096 ? n_bytes / 1024 : 1; /* every prefix of small files, a thousand of large ones */
            for (size_t n = 0; n < n_bytes; n += step, n_runs++) run_prefix(bytes, n);
            run_prefix(bytes, n_bytes);
            n_files++, n_runs++;
        }
        closedir(folder);
    }
    printf("%zu files, %zu inputs replayed\n", n_files, n_runs);
    if (n_files == 0) return 1;
    puts("1 passed, 0 failed");
    return 0;
}
