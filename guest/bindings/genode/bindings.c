/*
 * The library that unikernels for Genode are linked against: its names, and nothing behind them. Genode has another of the same
 * name, a component's library in C++, in whose place this one stands while linking.
 */
#include "solo5.h"

uintptr_t __stack_chk_guard;
void __stack_chk_fail(void) __attribute__((noreturn));

void __stack_chk_fail(void)
{
    for (;;)
        ;
}

void solo5_exit(int status)
{
    (void)status;
    for (;;)
        ;
}

void solo5_abort(void)
{
    for (;;)
        ;
}

void solo5_console_write(const char *buf, size_t size)
{
    (void)buf;
    (void)size;
}

solo5_time_t solo5_clock_monotonic(void)
{
    return 0;
}

solo5_time_t solo5_clock_wall(void)
{
    return 0;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    (void)deadline;
    (void)ready_set;
}

#include "../common/no-net.c"
#include "../common/no-block.c"

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
    (void)base;
    return SOLO5_R_EUNSPEC;
}
