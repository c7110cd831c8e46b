/*
 * Coroutines, as runtimes of languages have them: sixteen stacks, one of which may be the last bytes of memory, each with work
 * of its own that is left in the middle. Their number of switches, and `end` as for generated programs.
 */
#include "solo5.h"

#define COROUTINES 16

/* Leaves the running stack and goes on with another: what the ABI says survives a call is on the stack meanwhile. */
void switch_stack(uintptr_t *save_at, uintptr_t go_on_at);
__asm__(".text\n"
        ".globl switch_stack\n"
        "switch_stack:\n\t"
        "push %rbp\n\tpush %rbx\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
        "mov %rsp, (%rdi)\n\t"
        "mov %rsi, %rsp\n\t"
        "pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbx\n\tpop %rbp\n\t"
        "ret\n"
        "begin:\n\t"
        "call *%rbx\n\t"
        "ud2\n");
extern char begin[];

static char stacks[COROUTINES][4096] __attribute__((aligned(64)));
static uintptr_t saved[COROUTINES + 1];
static unsigned running;
static uint64_t left;
static uint64_t sum;

static void give_way(void)
{
    unsigned from = running;
    unsigned to = (unsigned)(sum >> 20 & (COROUTINES - 1));
    if (to == from)
        to = (to + 1) & (COROUTINES - 1);
    if (left == 0)
        to = COROUTINES;
    else
        left--;
    running = to;
    switch_stack(&saved[from], saved[to]);
}

/* Gives way from several depths of calls, and sometimes does not. */
__attribute__((noinline)) static uint64_t descend(unsigned depth, uint64_t x)
{
    volatile uint64_t kept = x;
    x = x * 6364136223846793005u + running;
    if (depth == 0) {
        sum = sum * 31 + x;
        give_way();
    } else {
        x += descend(depth - 1, x >> 3);
        if (x & 64)
            give_way();
    }
    return x ^ kept;
}

static void coroutine(void)
{
    double d = 1.0 + running;
    for (uint64_t x = running;; x++) {
        x = descend((unsigned)(x & 3), x);
        d = d * 0.5 + (double)(x & 0xffff);
        sum += (uint64_t)d;
    }
}

static uintptr_t prepared(uintptr_t end)
{
    /* As switch_stack leaves them: r15, r14, r13, r12, rbx, rbp, and where it returns to; then aligned as for a call. */
    uintptr_t *stack = (uintptr_t *)(end - 16);
    *--stack = (uintptr_t)begin;
    *--stack = 0;
    *--stack = (uintptr_t)coroutine;
    for (int n = 0; n < 4; n++)
        *--stack = 0;
    return (uintptr_t)stack;
}

static const struct solo5_start_info *start;
static char own_stack[16384] __attribute__((aligned(64)));

static void run(void)
{
    const char *s = start->cmdline;
    for (; *s >= '0' && *s <= '9'; s++)
        left = left * 10 + (uint64_t)(*s - '0');
    if (left == 0)
        left = 30000000;
    int at_end = s[0] == ' ' && s[1] == 'e';
    for (unsigned n = 0; n < COROUTINES; n++)
        saved[n] = prepared((uintptr_t)stacks[n] + sizeof stacks[n]);
    if (at_end)
        saved[5] = prepared(start->heap_start + start->heap_size);
    running = COROUTINES;
    sum = 1;
    give_way();

    char line[] = "switcher 0000000000000000\n";
    for (int at = 24; at >= 9; at--, sum >>= 4)
        line[at] = "0123456789abcdef"[sum & 15];
    solo5_console_write(line, sizeof line - 1);
    solo5_exit(SOLO5_EXIT_SUCCESS);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    start = info;
    /* Away from the end of memory, where the initial stack is. */
    __asm__ volatile("mov %0, %%rsp\n\tcall *%1\n\tud2" : : "r"(own_stack + sizeof own_stack), "r"(run) : "memory");
    __builtin_unreachable();
}
