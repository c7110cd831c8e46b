/*
 * Runs the workload and prints its name and checksum. The command line may give the rounds.
 */
#include "solo5.h"
#include "workload.h"

static void print(const char *s)
{
    solo5_console_write(s, strlen(s));
}

int solo5_app_main(const struct solo5_start_info *info)
{
    unsigned rounds = 0;
    for (const char *s = info->cmdline; *s >= '0' && *s <= '9'; s++)
        rounds = rounds * 10 + (unsigned)(*s - '0');
    uint64_t sum = workload(rounds == 0 ? workload_rounds : rounds);

    char digits[] = "0000000000000000\n";
    for (int at = 15; at >= 0; at--, sum >>= 4)
        digits[at] = "0123456789abcdef"[sum & 15];
    print(workload_name);
    print(" ");
    print(digits);
    return SOLO5_EXIT_SUCCESS;
}
