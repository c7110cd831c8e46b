/*
 * adler32: a checksum of RFC 1950 over a buffer, byte by byte.
 */
#include "workload.h"

const char workload_name[] = "adler32";
const unsigned workload_rounds = 9000;

static unsigned char data[262144];

uint64_t workload(unsigned rounds)
{
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)next_random(&seed);
    uint32_t a = 1, b = 0;
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t at = 0; at < sizeof data; at += 4096) {
            for (size_t i = at; i < at + 4096; i++) {
                a += data[i];
                b += a;
            }
            a %= 65521;
            b %= 65521;
        }
    }
    return (uint64_t)b << 16 | a;
}
