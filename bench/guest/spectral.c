/*
 * spectral: the largest singular value of a matrix that is computed element by element, by the power method.
 */
#include "workload.h"

const char workload_name[] = "spectral";
const unsigned workload_rounds = 3200;

#define COUNT 300

static double u[COUNT], v[COUNT], t[COUNT];

static double element(int i, int j)
{
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

__attribute__((noinline)) static void apply(double *to, const double *from, int transposed)
{
    for (int i = 0; i < COUNT; i++) {
        double sum = 0;
        for (int j = 0; j < COUNT; j++)
            sum += (transposed ? element(j, i) : element(i, j)) * from[j];
        to[i] = sum;
    }
}

uint64_t workload(unsigned rounds)
{
    for (int i = 0; i < COUNT; i++)
        u[i] = 1;
    for (unsigned round = 0; round < rounds; round++) {
        apply(t, u, 0);
        apply(v, t, 1);
        double most = 0;
        for (int i = 0; i < COUNT; i++)
            if (v[i] > most)
                most = v[i];
        for (int i = 0; i < COUNT; i++)
            u[i] = v[i] / most;
    }
    double dot = 0, norm = 0;
    for (int i = 0; i < COUNT; i++) {
        dot += u[i] * v[i];
        norm += v[i] * v[i];
    }
    double ratio = dot / norm;
    uint64_t bits;
    memcpy(&bits, &ratio, sizeof bits);
    return bits;
}
