/*
 * xnow: what is executable is not writable.
 */
#include "test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_xnow");
    volatile char *volatile text = (volatile char *)(uintptr_t)solo5_app_main;
    *text = 0;
    return failure("text can be written");
}
