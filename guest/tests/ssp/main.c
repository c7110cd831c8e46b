/*
 * ssp: a smashed stack is noticed when the function returns.
 */
#include "test.h"

__attribute__((noinline)) static void smash(volatile char *buffer, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buffer[i] = 'x';
}

__attribute__((noinline)) static void victim(volatile size_t size)
{
    char buffer[16];
    smash(buffer, size);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_ssp");
    victim(64);
    return failure("nobody noticed");
}
