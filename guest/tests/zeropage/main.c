/*
 * zeropage: a null pointer may not be read.
 */
#include "test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_zeropage");
    volatile int *volatile null = NULL;
    (void)*null;
    return failure("address 0 can be read");
}
