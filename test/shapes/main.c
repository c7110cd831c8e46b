/*
 * Runs a generated program: STEPS, and `end` where its stack shall be the last bytes of memory. Prints a checksum.
 */
#include "solo5.h"

uint64_t shape_run(uint64_t steps, uintptr_t stack);
extern const char shape_name[];

static char own_stack[16384] __attribute__((aligned(64)));
static char middle[65536] __attribute__((aligned(64)));
static const struct solo5_start_info *start;

static void print(const char *s)
{
    size_t length = 0;
    while (s[length] != '\0')
        length++;
    solo5_console_write(s, length);
}

static void run(void)
{
    const char *s = start->cmdline;
    uint64_t steps = 0;
    for (; *s >= '0' && *s <= '9'; s++)
        steps = steps * 10 + (uint64_t)(*s - '0');
    int at_end = s[0] == ' ' && s[1] == 'e';
    uintptr_t stack = at_end ? start->heap_start + start->heap_size : (uintptr_t)middle + sizeof middle;
    uint64_t sum = shape_run(steps == 0 ? 50000000 : steps, stack);

    char digits[] = "0000000000000000\n";
    for (int at = 15; at >= 0; at--, sum >>= 4)
        digits[at] = "0123456789abcdef"[sum & 15];
    print(shape_name);
    print(" ");
    print(digits);
    solo5_exit(SOLO5_EXIT_SUCCESS);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    start = info;
    /* Away from the end of memory, where the initial stack is. */
    __asm__ volatile("mov %0, %%rsp\n\tcall *%1\n\tud2" : : "r"(own_stack + sizeof own_stack), "r"(run) : "memory");
    __builtin_unreachable();
}
