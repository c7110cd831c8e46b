/*
 * notls: without a thread pointer, a thread-local variable is nowhere; to touch it is a fault, not a wild access.
 */
#include "test.h"

static _Thread_local volatile int variable = 1;

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_notls");
    variable = 2;
    return failure("a thread-local variable was written without a thread");
}
