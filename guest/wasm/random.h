/*
 * Randomness of the CPU: RDRAND, RNDR. There is no other source: where the CPU has none, there is none.
 */
#ifndef SOLO5_RANDOM_H
#define SOLO5_RANDOM_H

#include "wasm.h"

#if defined(__x86_64__)

static bool random_is_there(void)
{
    u32 a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (c >> 30 & 1) != 0;
}

static bool random_word(u64 *word)
{
    /* Intel's manual: ten tries tell a source that is busy from one that is broken. */
    for (int i = 0; i < 10; i++) {
        bool done;
        __asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(done));
        if (done) return true;
    }
    return false;
}

#elif defined(__aarch64__)

static bool random_is_there(void)
{
    u64 features;
    __asm__ volatile("mrs %0, id_aa64isar0_el1" : "=r"(features));
    return (features >> 60) != 0;
}

static bool random_word(u64 *word)
{
    for (int i = 0; i < 10; i++) {
        u32 failed;
        __asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %w1, eq" : "=r"(*word), "=r"(failed) : : "cc");
        if (!failed) return true;
    }
    return false;
}

#endif

static bool random_bytes(u8 *to, size_t size)
{
    if (!random_is_there()) return false;
    for (size_t at = 0; at < size; at += 8) {
        u64 word;
        if (!random_word(&word)) return false;
        __builtin_memcpy(to + at, &word, size - at < 8 ? size - at : 8);
    }
    return true;
}

#endif
