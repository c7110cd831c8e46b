/*
 * fib: nothing but calls and returns.
 */
#include "workload.h"

const char workload_name[] = "fib";
const unsigned workload_rounds = 42;

__attribute__((noinline)) static uint64_t fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t workload(unsigned rounds)
{
    return fib(rounds);
}
