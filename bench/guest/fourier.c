/*
 * fourier: a fast Fourier transform of complex numbers, there and back.
 */
#include "workload.h"

const char workload_name[] = "fourier";
const unsigned workload_rounds = 72000;

#define COUNT 1024

struct complex {
    double re, im;
};

static struct complex data[COUNT], roots[COUNT / 2];

static struct complex times(struct complex a, struct complex b)
{
    return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

__attribute__((noinline)) static void transform(struct complex *z, int back)
{
    for (unsigned i = 1, j = 0; i < COUNT; i++) {
        unsigned bit = COUNT >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            struct complex t = z[i];
            z[i] = z[j];
            z[j] = t;
        }
    }
    for (unsigned half = 1; half < COUNT; half *= 2)
        for (unsigned at = 0; at < COUNT; at += 2 * half)
            for (unsigned k = 0; k < half; k++) {
                struct complex root = roots[k * (COUNT / 2 / half)];
                if (back)
                    root.im = -root.im;
                struct complex a = z[at + k], b = times(z[at + k + half], root);
                z[at + k] = (struct complex){a.re + b.re, a.im + b.im};
                z[at + k + half] = (struct complex){a.re - b.re, a.im - b.im};
            }
}

uint64_t workload(unsigned rounds)
{
    /* cos and sin of 2 pi / 1024, and their powers. */
    struct complex root = {0.99998117528260111, -0.00613588464915448};
    roots[0] = (struct complex){1, 0};
    for (int i = 1; i < COUNT / 2; i++)
        roots[i] = times(roots[i - 1], root);
    uint32_t seed = 3;
    for (int i = 0; i < COUNT; i++)
        data[i] = (struct complex){next_random(&seed) % 1000, next_random(&seed) % 1000};
    for (unsigned round = 0; round < rounds; round++) {
        transform(data, round & 1);
        for (int i = 0; i < COUNT; i++) {
            data[i].re *= 0.03125;
            data[i].im *= 0.03125;
        }
    }
    double sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += data[i].re + 2 * data[i].im;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits;
}
