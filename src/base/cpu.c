/* cpu.c : what the processor can do, and how many threads there are.
 *
 * A SIMD level needs two yeses: the CPU has the instructions (CPUID), and the operating system saves the registers
 * (XGETBV): a virtual machine may mask either. GCC's and Clang's __builtin_cpu_supports() asks both. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "persihash/base.h"

static const struct {
    const char *name;
    psh_simd simd;
} simd_names[] = {
    {"scalar", PSH_SIMD_SCALAR}, {"neon", PSH_SIMD_NEON}, {"avx2", PSH_SIMD_AVX2}, {"avx512", PSH_SIMD_AVX512}};

const char *psh_version(void) {
    return PSH_VERSION_STRING;
}

const char *psh_simd_name(psh_simd simd) {
    for (size_t i = 0; i < sizeof simd_names / sizeof *simd_names; i++)
        if (simd_names[i].simd == simd) return simd_names[i].name;
    return "unknown";
}

static bool machine_has(psh_simd simd) {
    switch (simd) {
    case PSH_SIMD_SCALAR:
        return true;
#if defined(__x86_64__)
    case PSH_SIMD_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi2");
    case PSH_SIMD_AVX512:
        return machine_has(PSH_SIMD_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vpopcntdq");
#elif defined(__aarch64__)
    case PSH_SIMD_NEON:
        return true;
#endif
    default:
        return false;
    }
}

static psh_simd machine_simd(void) {
    static const psh_simd best_first[] = {PSH_SIMD_AVX512, PSH_SIMD_AVX2, PSH_SIMD_NEON};
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++)
        if (machine_has(best_first[i])) return best_first[i];
    return PSH_SIMD_SCALAR;
}

/* The level named by PSH_SIMD, or -1 for an unknown word, or -2 if the variable is not set. */
static int wanted_simd(void) {
    const char *word = getenv("PSH_SIMD");
    if (!word || !*word) return -2;
    for (size_t i = 0; i < sizeof simd_names / sizeof *simd_names; i++)
        if (!strcmp(word, simd_names[i].name)) return (int)simd_names[i].simd;
    return -1;
}

psh_simd psh_cpu_simd(void) {
    int wanted = wanted_simd();
    return wanted >= 0 && machine_has((psh_simd)wanted) ? (psh_simd)wanted : machine_simd();
}

psh_status psh_cpu_check(psh_error *err) {
    int wanted = wanted_simd();
    if (wanted == -2 || (wanted >= 0 && machine_has((psh_simd)wanted))) return PSH_OK;
    return psh__error(err, PSH_ERR_UNSUPPORTED,
                      "PSH_SIMD=%s: %s; this machine has %s; use scalar, neon, avx2 or avx512, or unset PSH_SIMD",
                      getenv("PSH_SIMD"), wanted == -1 ? "no such level" : "this machine lacks it",
                      psh_simd_name(machine_simd()));
}

void psh_cpu_text(char *text, size_t text_bytes) {
    snprintf(text, text_bytes, "SIMD levels: scalar%s%s%s; in use: %s; threads: %d",
             machine_has(PSH_SIMD_NEON) ? " neon" : "", machine_has(PSH_SIMD_AVX2) ? " avx2" : "",
             machine_has(PSH_SIMD_AVX512) ? " avx512" : "", psh_simd_name(psh_cpu_simd()), psh_cpu_threads(0));
}

int psh_cpu_threads(int n_threads) {
    return n_threads > 0 ? n_threads : omp_get_max_threads();
}
