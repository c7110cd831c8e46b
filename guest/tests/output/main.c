/*
 * output: much of it, in one long write and in many short ones, all to arrive in order.
 */
#include "test.h"

#define LINES 4096
#define LINE  sizeof "0000 the quick brown fox jumps over the lazy dog" /* its NUL stands for the newline */

static char text[LINES][LINE];

static void fill_line(char *line, unsigned number)
{
    memcpy(line, "0000 the quick brown fox jumps over the lazy dog\n", LINE);
    for (int digit = 3; digit >= 0; digit--, number /= 10)
        line[digit] = (char)('0' + number % 10);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_output");
    for (unsigned i = 0; i < LINES; i++)
        fill_line(text[i], i);
    solo5_console_write(text[0], sizeof text);
    for (unsigned i = 0; i < LINES; i++)
        solo5_console_write(text[i], LINE);
    solo5_console_write(text[0], 0);
    return success();
}
