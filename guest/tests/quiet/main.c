/*
 * quiet: started with `--solo5:quiet`, nothing but this is printed, and the option is not part of the command line.
 */
#include "test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    title("test_quiet");
    if (memcmp(info->cmdline, "--solo5:", strlen("--solo5:")) == 0) return failure("the option was not taken");
    return success();
}
