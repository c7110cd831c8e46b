/*
 * xnor: what is executable is not readable, on targets that have execute-only text (hvt where the host can do it).
 */
#include "test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_xnor");
    volatile char *volatile text = (volatile char *)(uintptr_t)solo5_app_main;
    (void)*text;
    return failure("text can be read");
}
