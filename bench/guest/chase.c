/*
 * chase: a linked list in random order, followed to its end again and again.
 */
#include "workload.h"

const char workload_name[] = "chase";
const unsigned workload_rounds = 12000;

enum { COUNT = 16384 };
struct item {
    struct item *next;
    uint64_t value;
};
static struct item items[COUNT];
static uint32_t order[COUNT];

uint64_t workload(unsigned rounds)
{
    uint32_t seed = 2;
    for (uint32_t i = 0; i < COUNT; i++)
        order[i] = i;
    for (uint32_t i = COUNT - 1; i > 0; i--) {
        uint32_t j = next_random(&seed) % (i + 1), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        items[order[i]].next = i + 1 < COUNT ? &items[order[i + 1]] : NULL;
        items[order[i]].value = next_random(&seed);
    }
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++)
        for (struct item *at = &items[order[0]]; at != NULL; at = at->next)
            sum = (sum ^ at->value) + 1;
    return sum;
}
