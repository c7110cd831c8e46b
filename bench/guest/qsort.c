/*
 * qsort: a generic quicksort that calls a comparator through a pointer.
 */
#include "workload.h"

const char workload_name[] = "qsort";
const unsigned workload_rounds = 160;

enum { COUNT = 50000 };
static uint32_t items[COUNT];

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void swap(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i += 4) {
        uint32_t t = *(uint32_t *)(a + i);
        *(uint32_t *)(a + i) = *(uint32_t *)(b + i);
        *(uint32_t *)(b + i) = t;
    }
}

__attribute__((noinline)) static void sort(char *base, size_t count, size_t size, int (*order)(const void *, const void *))
{
    while (count > 1) {
        char *low = base, *high = base + (count - 1) * size;
        char *pivot = base + count / 2 * size;
        swap(pivot, high, size);
        char *store = low;
        for (char *at = low; at < high; at += size) {
            if (order(at, high) >= 0) continue;
            if (at != store) swap(at, store, size);
            store += size;
        }
        swap(store, high, size);
        size_t left = (size_t)(store - base) / size;
        sort(base, left, size, order);
        base = store + size;
        count -= left + 1;
    }
}

int (*volatile comparator)(const void *, const void *) = compare;

uint64_t workload(unsigned rounds)
{
    uint32_t seed = 3;
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        for (int i = 0; i < COUNT; i++)
            items[i] = next_random(&seed);
        sort((char *)items, COUNT, sizeof items[0], comparator);
        for (int i = 0; i < COUNT; i += 997)
            sum = sum * 33 + items[i];
    }
    return sum;
}
