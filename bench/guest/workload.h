/*
 * A benchmark: deterministic work in `rounds`, and a checksum of it. One workload to a unikernel; the same source is
 * measured natively, on the engine and under an emulator.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

/* The name and the rounds that take about half a second natively. */
extern const char workload_name[];
extern const unsigned workload_rounds;

uint64_t workload(unsigned rounds);

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
size_t strlen(const char *s);

/* A linear congruential generator: 32 bits that differ enough. */
static inline uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8 ^ *seed << 7;
}

#endif
