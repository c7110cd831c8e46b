/*
 * particles: springs between neighbours, positions and velocities as structures of three doubles. Compilers pair two of
 * the three in a vector, and do the third by itself.
 */
#include "workload.h"

const char workload_name[] = "particles";
const unsigned workload_rounds = 600000;

#define COUNT 256

struct vector {
    double x, y, z;
};
struct particle {
    struct vector at, speed;
    double mass;
};

static struct particle particles[COUNT];

static struct vector minus(struct vector a, struct vector b)
{
    return (struct vector){a.x - b.x, a.y - b.y, a.z - b.z};
}
static void move(struct vector *to, struct vector by, double times)
{
    to->x += by.x * times;
    to->y += by.y * times;
    to->z += by.z * times;
}
static double square(struct vector v)
{
    return v.x * v.x + v.y * v.y + v.z * v.z;
}

__attribute__((noinline)) static void step(double seconds)
{
    for (int i = 0; i + 1 < COUNT; i++) {
        struct particle *a = &particles[i], *b = &particles[i + 1];
        struct vector apart = minus(b->at, a->at);
        double force = (square(apart) - 1.0) * 0.5 * seconds;
        move(&a->speed, apart, force / a->mass);
        move(&b->speed, apart, -force / b->mass);
    }
    for (int i = 0; i < COUNT; i++) {
        struct particle *p = &particles[i];
        move(&p->at, p->speed, seconds);
        if (p->at.z < 0) {
            p->at.z = -p->at.z;
            p->speed.z = -p->speed.z;
        }
    }
}

uint64_t workload(unsigned rounds)
{
    uint32_t seed = 7;
    for (int i = 0; i < COUNT; i++) {
        particles[i].at = (struct vector){i, next_random(&seed) % 100 * 0.01, next_random(&seed) % 100 * 0.01};
        particles[i].speed = (struct vector){0, 0, 0};
        particles[i].mass = 1 + next_random(&seed) % 10 * 0.1;
    }
    for (unsigned round = 0; round < rounds; round++)
        step(1e-4);
    double sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += particles[i].at.x + 3 * particles[i].at.y + 5 * particles[i].at.z;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits;
}
