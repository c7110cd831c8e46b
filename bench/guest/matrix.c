/*
 * matrix: products of 4x4 matrices of doubles, and vectors turned by them, as a renderer does.
 */
#include "workload.h"

const char workload_name[] = "matrix";
const unsigned workload_rounds = 24000000;

struct matrix {
    double at[4][4];
};

__attribute__((noinline)) static void multiply(struct matrix *to, const struct matrix *a, const struct matrix *b)
{
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 4; column++) {
            double sum = 0;
            for (int k = 0; k < 4; k++)
                sum += a->at[row][k] * b->at[k][column];
            to->at[row][column] = sum;
        }
}

__attribute__((noinline)) static void turn(double *to, const struct matrix *m, const double *v)
{
    double w = m->at[3][0] * v[0] + m->at[3][1] * v[1] + m->at[3][2] * v[2] + m->at[3][3];
    for (int row = 0; row < 3; row++)
        to[row] = (m->at[row][0] * v[0] + m->at[row][1] * v[1] + m->at[row][2] * v[2] + m->at[row][3]) / w;
}

uint64_t workload(unsigned rounds)
{
    static struct matrix pair[2] = {{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}}};
    static const struct matrix rotation = {
        {{0.8, -0.6, 0, 0.01}, {0.6, 0.8, 0, -0.02}, {0, 0, 1, 0.03}, {0, 0, 0, 1}}};
    double point[3] = {1, 2, 3}, sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        multiply(&pair[~round & 1], &pair[round & 1], &rotation);
        turn(point, &rotation, point);
        sum += pair[~round & 1].at[round & 3][round >> 2 & 3] + point[round % 3];
    }
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits;
}
