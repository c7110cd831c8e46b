/*
 * tls_zero: where no thread-local variable has an initial value, there is nothing to copy.
 */
#include "test.h"

static _Thread_local volatile uint64_t variable;

static char memory[64];

__attribute__((noinline)) static uint64_t increment(void)
{
    return ++variable;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_tls_zero");
    if (solo5_tls_size() > sizeof(memory)) return failure("a block is too large");
    if (solo5_tls_init((uintptr_t)memory) != SOLO5_R_OK) return failure("solo5_tls_init failed");
    solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)memory));
    if (increment() != 1 || increment() != 2) return failure("an uninitialised variable is not zero");
    return success();
}
