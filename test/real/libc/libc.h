/*
 * What Debian's musl (its static libc.a) is to call here instead of a kernel. Each file defines functions by musl's own
 * names; the archive's are then left out.
 */
#ifndef REAL_LIBC_H
#define REAL_LIBC_H

#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL

static inline uintptr_t round_up(uintptr_t n, uintptr_t to)
{
    return (n + to - 1) & ~(to - 1);
}

/* The pages from `start` to `end` become the heap. */
void pages_init(uintptr_t start, uintptr_t end);

/* Pages for `size` bytes, zero where `zeroed`; NULL where there are none. */
void *pages_get(size_t size, int zeroed);
void pages_put(void *start, size_t size);

#endif
