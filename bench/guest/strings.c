/*
 * strings: copying, length and comparison of short and long strings, as C libraries without assembly do them.
 */
#include "workload.h"

const char workload_name[] = "strings";
const unsigned workload_rounds = 6000;

static char pool[65536], copy[65536];

__attribute__((noinline)) static char *copy_string(char *to, const char *from)
{
    while ((*to++ = *from++) != '\0')
        ;
    return to;
}

__attribute__((noinline)) static int compare_strings(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

uint64_t workload(unsigned rounds)
{
    uint32_t seed = 5;
    size_t end = 0;
    while (end < sizeof pool - 300) {
        size_t length = next_random(&seed) % (next_random(&seed) % 8 == 0 ? 250 : 20);
        for (size_t i = 0; i < length; i++)
            pool[end++] = (char)('a' + next_random(&seed) % 26);
        pool[end++] = '\0';
    }
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        char *to = copy;
        for (size_t at = 0; at < end; at += strlen(pool + at) + 1)
            to = copy_string(to, pool + at);
        copy[round * 7 % end] = 'z';
        for (size_t at = 0; at < end; at += strlen(pool + at) + 1)
            sum += (uint64_t)(compare_strings(pool + at, copy + at) + 300);
        memcpy(copy, pool, sizeof copy);
        sum = sum * 31 + strlen(copy + round % 100);
    }
    return sum;
}
