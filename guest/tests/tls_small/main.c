/*
 * tls_small: thread-local variables of less alignment than a word keep their initial values.
 */
#include "test.h"

static _Thread_local volatile int32_t whole = 7;
static _Thread_local volatile int16_t half = -2;
static _Thread_local volatile int8_t small[3] = { 1, 2, 3 };

static char memory[64];

__attribute__((noinline)) static bool is_fresh(void)
{
    return whole == 7 && half == -2 && small[0] == 1 && small[1] == 2 && small[2] == 3;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_tls_small");
    if (solo5_tls_size() > sizeof(memory)) return failure("a block is too large");
    if (solo5_tls_init((uintptr_t)memory) != SOLO5_R_OK) return failure("solo5_tls_init failed");
    solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)memory));
    return is_fresh() ? success() : failure("an initialised variable is wrong");
}
