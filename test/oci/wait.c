/* Says what it was called with, then waits for what never comes. */
#include "solo5.h"

static void say(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0')
        size++;
    solo5_console_write(text, size);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    say(info->cmdline);
    say("\n");
    for (;;) {
        solo5_handle_set_t ready;
        solo5_yield(~(solo5_time_t)0, &ready);
    }
}
