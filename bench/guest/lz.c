/*
 * lz: compression of a text by a hash of four bytes and copies of earlier bytes, and its expansion.
 */
#include "workload.h"

const char workload_name[] = "lz";
const unsigned workload_rounds = 600;

enum { SIZE = 262144 };
static uint8_t text[SIZE], packed[SIZE + SIZE / 8], unpacked[SIZE];
static uint32_t table[4096];

static uint32_t word(const uint8_t *at)
{
    uint32_t value;
    __builtin_memcpy(&value, at, 4);
    return value;
}

__attribute__((noinline)) static size_t compress(const uint8_t *from, size_t size, uint8_t *to)
{
    uint8_t *out = to;
    size_t literal = 0;
    memset(table, 0, sizeof table);
    for (size_t at = 1; at + 4 < size;) {
        uint32_t hash = word(from + at) * 2654435761u >> 20;
        size_t candidate = table[hash];
        table[hash] = (uint32_t)at;
        if (candidate != 0 && at - candidate < 65536 && word(from + candidate) == word(from + at)) {
            size_t length = 4;
            while (at + length < size && length < 255 && from[candidate + length] == from[at + length])
                length++;
            while (literal < at) {
                size_t run = at - literal > 255 ? 255 : at - literal;
                *out++ = 0;
                *out++ = (uint8_t)run;
                memcpy(out, from + literal, run);
                out += run;
                literal += run;
            }
            *out++ = (uint8_t)length;
            *out++ = (uint8_t)(at - candidate);
            *out++ = (uint8_t)((at - candidate) >> 8);
            at += length;
            literal = at;
        } else at++;
    }
    while (literal < size) {
        size_t run = size - literal > 255 ? 255 : size - literal;
        *out++ = 0;
        *out++ = (uint8_t)run;
        memcpy(out, from + literal, run);
        out += run;
        literal += run;
    }
    return (size_t)(out - to);
}

__attribute__((noinline)) static size_t expand(const uint8_t *from, size_t size, uint8_t *to)
{
    uint8_t *out = to;
    for (const uint8_t *end = from + size; from < end;) {
        size_t length = *from++;
        if (length == 0) {
            size_t run = *from++;
            memcpy(out, from, run);
            from += run;
            out += run;
        } else {
            size_t distance = (size_t)from[0] | (size_t)from[1] << 8;
            from += 2;
            for (const uint8_t *source = out - distance; length > 0; length--)
                *out++ = *source++;
        }
    }
    return (size_t)(out - to);
}

uint64_t workload(unsigned rounds)
{
    static const char *const words[] = {"unikernel ", "tender ", "the ", "of ", "a ", "manifest ", "device ", "in ", "is ", "\n"};
    uint32_t seed = 11;
    for (size_t at = 0; at < SIZE;) {
        const char *w = words[next_random(&seed) % 10];
        if (next_random(&seed) % 5 == 0) text[at++] = (uint8_t)next_random(&seed);
        while (*w != '\0' && at < SIZE)
            text[at++] = (uint8_t)*w++;
    }
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        text[round * 97 % SIZE] ^= 1;
        size_t size = compress(text, SIZE, packed);
        sum = sum * 31 + size + expand(packed, size, unpacked);
        sum += unpacked[round * 1009 % SIZE];
    }
    return sum;
}
