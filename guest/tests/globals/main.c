/*
 * globals: initialised variables have their values, the others are zero, and all can be written.
 */
#include "test.h"

static volatile char in_bss[3 * 4096 + 1];
static volatile uint64_t in_data[4] = { 1, 0x123456789abcdef0, UINT64_MAX, 0xc0ffee };
static volatile uint8_t byte_in_data = 0x5a;
static const volatile uint64_t in_rodata[2] = { 0xfeedface, 42 };
static volatile uint64_t *volatile pointer = &in_data[1];

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_globals");
    for (size_t i = 0; i < sizeof in_bss; i++)
        if (in_bss[i] != 0) return failure(".bss is not zero");
    if (in_data[0] != 1 || in_data[2] != UINT64_MAX || in_data[3] != 0xc0ffee) return failure(".data is wrong");
    if (*pointer != 0x123456789abcdef0 || byte_in_data != 0x5a) return failure(".data is wrong");
    if (in_rodata[0] != 0xfeedface || in_rodata[1] != 42) return failure(".rodata is wrong");

    in_bss[sizeof in_bss - 1] = 1;
    *pointer = 7;
    if (in_bss[sizeof in_bss - 1] != 1 || in_data[1] != 7) return failure("what was written is not there");
    return success();
}
