/*
 * zlib: text deflated at several levels and inflated again, with its checksums.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zlib.h"

#define SIZE (64u << 10)

static unsigned char text[SIZE], packed[2 * SIZE], unpacked[SIZE];

static unsigned fill(unsigned seed)
{
    static const char *const words[] = { "unikernel ", "solo5 ", "sandbox ", "binding ", "tender ", "guest ", "\n" };
    for (unsigned at = 0; at < SIZE;) {
        seed = seed * 1103515245 + 12345;
        const char *word = words[(seed >> 16) % 7];
        for (; *word != 0 && at < SIZE; word++) text[at++] = (unsigned char)*word;
        if ((seed >> 24) % 5 == 0 && at < SIZE) text[at++] = (unsigned char)(seed >> 8);
    }
    return seed;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 1;
    unsigned seed = 5, sum = 0;
    unsigned long total = 0;
    for (int round = 0; round < rounds; round++) {
        seed = fill(seed);
        uLongf size = sizeof packed, back = sizeof unpacked;
        if (compress2(packed, &size, text, SIZE, 1 + round % 9) != Z_OK) return 1;
        if (uncompress(unpacked, &back, packed, size) != Z_OK || back != SIZE) return 1;
        if (memcmp(text, unpacked, SIZE) != 0) return 1;
        sum = (unsigned)crc32(sum, packed, (uInt)size) ^ (unsigned)adler32(1, unpacked, SIZE);
        total += size;
    }
    printf("zlib %s %08x %lu\n", zlibVersion(), sum, total);
    return 0;
}
