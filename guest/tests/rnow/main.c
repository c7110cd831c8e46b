/*
 * rnow: what is read-only is not writable.
 */
#include "test.h"

static const volatile int read_only = 1;

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_rnow");
    volatile int *volatile rodata = (volatile int *)(uintptr_t)&read_only;
    *rodata = 2;
    return failure("read-only data can be written");
}
