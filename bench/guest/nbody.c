/*
 * nbody: five bodies under gravity, in scalar doubles.
 */
#include "workload.h"

const char workload_name[] = "nbody";
const unsigned workload_rounds = 12000000;

struct body {
    double x[3], v[3], mass;
};

static struct body bodies[5] = {
    {{0, 0, 0}, {0, 0, 0}, 39.47},
    {{4.84, -1.16, -0.10}, {0.606, 2.81, -0.02}, 0.037},
    {{8.34, 4.12, -0.4}, {-1.01, 1.82, 0.008}, 0.011},
    {{12.89, -15.11, -0.22}, {1.08, 0.868, -0.01}, 0.0017},
    {{15.37, -25.9, 0.179}, {0.979, 0.594, -0.034}, 0.002},
};

__attribute__((noinline)) static void advance(double dt)
{
    for (int i = 0; i < 5; i++) {
        struct body *a = &bodies[i];
        for (int j = i + 1; j < 5; j++) {
            struct body *b = &bodies[j];
            double dx = a->x[0] - b->x[0], dy = a->x[1] - b->x[1], dz = a->x[2] - b->x[2];
            double square = dx * dx + dy * dy + dz * dz;
            double magnitude = dt / (square * __builtin_sqrt(square));
            a->v[0] -= dx * b->mass * magnitude;
            a->v[1] -= dy * b->mass * magnitude;
            a->v[2] -= dz * b->mass * magnitude;
            b->v[0] += dx * a->mass * magnitude;
            b->v[1] += dy * a->mass * magnitude;
            b->v[2] += dz * a->mass * magnitude;
        }
    }
    for (int i = 0; i < 5; i++)
        for (int axis = 0; axis < 3; axis++)
            bodies[i].x[axis] += dt * bodies[i].v[axis];
}

uint64_t workload(unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++)
        advance(0.001);
    double sum = 0;
    for (int i = 0; i < 5; i++)
        sum += bodies[i].x[0] + bodies[i].v[1];
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits;
}
