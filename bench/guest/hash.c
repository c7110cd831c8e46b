/*
 * hash: insertions, look-ups and removals in an open hash table with linear probing.
 */
#include "workload.h"

const char workload_name[] = "hash";
const unsigned workload_rounds = 60000000;

enum { SLOTS = 1 << 16 };
static uint64_t keys[SLOTS], values[SLOTS];

static size_t slot_of(uint64_t key)
{
    key ^= key >> 33;
    key *= 0xff51afd7ed558ccdull;
    key ^= key >> 33;
    return (size_t)key & (SLOTS - 1);
}

__attribute__((noinline)) static void put(uint64_t key, uint64_t value)
{
    size_t at = slot_of(key);
    while (keys[at] != 0 && keys[at] != key)
        at = (at + 1) & (SLOTS - 1);
    keys[at] = key;
    values[at] += value;
}

__attribute__((noinline)) static uint64_t get(uint64_t key)
{
    for (size_t at = slot_of(key); keys[at] != 0; at = (at + 1) & (SLOTS - 1))
        if (keys[at] == key) return values[at];
    return 0;
}

uint64_t workload(unsigned rounds)
{
    uint32_t seed = 9;
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t key = next_random(&seed) % 40000 + 1;
        if (round % 3 == 0) put(key, round);
        else sum = sum * 3 + get(key);
    }
    return sum;
}
