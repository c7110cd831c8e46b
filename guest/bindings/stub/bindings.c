/*
 * The stub bindings: every function of the API, so that anything links, and none that does anything. They are what
 * configure scripts link their probes with; nothing runs the result.
 */
#include "elf_abi.h"
#include "solo5.h"

DECLARE_ELF_INTERP

uintptr_t __stack_chk_guard = 0x00deadbeef0d0a00;
void __stack_chk_fail(void) __attribute__((noreturn));
void _start(void) __attribute__((noreturn));

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

size_t solo5_tls_size(void)
{
    return 0;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls)
{
    return tls;
}

solo5_result_t solo5_tls_init(uintptr_t tls)
{
    (void)tls;
    return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
    (void)base;
    return SOLO5_R_EUNSPEC;
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
    if (ready_set != NULL) *ready_set = 0;
}

void solo5_console_write(const char *buf, size_t size)
{
    (void)buf, (void)size;
}

#include "../common/no-net.c"
#include "../common/no-block.c"

/* Does not call the application: a probe defines main(), if that. */
void _start(void)
{
    for (;;)
        ;
}
