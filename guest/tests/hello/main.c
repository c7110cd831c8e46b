/*
 * hello: a unikernel starts, sees its command line, and ends. What begins with `Hello` must be `Hello_Solo5`.
 */
#include "test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    title("test_hello");
    puts("Hello, World\nCommand line is: '");
    puts(info->cmdline);
    puts("'\n");

    bool greets = strlen(info->cmdline) >= 5 && memcmp(info->cmdline, "Hello", 5) == 0;
    if (greets && !string_equal(info->cmdline, "Hello_Solo5")) return failure("not the command line as given");
    return success();
}
