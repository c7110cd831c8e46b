/*
 * Printing to the console, and the ends of a self-test.
 */
#include "test.h"

void puts(const char *s)
{
    solo5_console_write(s, strlen(s));
}

static void put_number(uint64_t value, unsigned base)
{
    char digits[21];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    puts(at);
}

void put_decimal(uint64_t value)
{
    put_number(value, 10);
}

void put_hex(uint64_t value)
{
    puts("0x");
    put_number(value, 16);
}

void title(const char *name)
{
    puts("\n**** Solo5 standalone ");
    puts(name);
    puts(" ****\n\n");
}

int success(void)
{
    puts("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}

int failure(const char *why)
{
    puts(why);
    puts("\nFAILURE\n");
    return SOLO5_EXIT_FAILURE;
}
