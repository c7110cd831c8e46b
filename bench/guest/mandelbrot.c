/*
 * mandelbrot: short loops of double arithmetic that end at different times.
 */
#include "workload.h"

const char workload_name[] = "mandelbrot";
const unsigned workload_rounds = 1000;

uint64_t workload(unsigned rounds)
{
    uint64_t sum = 0;
    for (unsigned py = 0; py < rounds; py++) {
        for (unsigned px = 0; px < rounds; px++) {
            double cx = px * 3.0 / rounds - 2.0, cy = py * 2.0 / rounds - 1.0;
            double x = 0, y = 0;
            unsigned n = 0;
            while (n < 1000 && x * x + y * y <= 4.0) {
                double t = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = t;
                n++;
            }
            sum = sum * 31 + n;
        }
    }
    return sum;
}
