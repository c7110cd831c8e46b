/*
 * Control flow that no compiler makes of ordinary code: recursion 500,000 deep, jumps out of many frames, coroutines on
 * stacks of their own, computed gotos, and, where "jit" is an argument, code written at run time.
 */
#include "solo5.h"

static void put(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0') size++;
    solo5_console_write(text, size);
}

static void report(const char *what, uint64_t value)
{
    char digits[] = "0000000000000000\n";
    for (int at = 15; at >= 0; at--, value >>= 4) digits[at] = "0123456789abcdef"[value & 15];
    put(what);
    put(" ");
    put(digits);
}

__attribute__((noinline)) static uint64_t descend(unsigned n)
{
    return n == 0 ? 1 : descend(n - 1) * 3 + n;
}

static void *jump_buffer[5];

__attribute__((noinline)) static void deep_jump(unsigned n, volatile uint64_t *sum)
{
    *sum += n;
    if (n == 0) __builtin_longjmp(jump_buffer, 1);
    deep_jump(n - 1, sum);
    *sum = 0;
}

static uint64_t long_jumps(unsigned count)
{
    static volatile uint64_t sum;
    static volatile unsigned left;
    left = count;
    if (__builtin_setjmp(jump_buffer) != 0) left--;
    if (left > 0) deep_jump(left % 97, &sum);
    return sum;
}

/* switch_stack(from, to): saves what a call must keep, and goes on where (to) was left. */
void switch_stack(uint64_t **from, uint64_t *to);
__asm__(".text\nswitch_stack:\n"
        "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rsp, (%rdi)\nmov %rsi, %rsp\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\nret\n");

#define COROUTINES 5
static uint64_t stacks[COROUTINES][1024], *main_stack, *resumed[COROUTINES], total;
static unsigned current;

static void coroutine(void)
{
    for (uint64_t i = current + 1;; i = i * 5 + 1) {
        total = total * 31 + (i ^ current);
        switch_stack(&resumed[current], main_stack);
    }
}

static uint64_t coroutines(unsigned rounds)
{
    for (unsigned i = 0; i < COROUTINES; i++) {
        uint64_t *top = &stacks[i][1016];
        top[0] = (uint64_t)coroutine;
        resumed[i] = top - 6;
    }
    for (unsigned i = 0; i < rounds; i++) {
        current = i % COROUTINES;
        switch_stack(&main_stack, resumed[current]);
    }
    return total;
}

static uint64_t gotos(unsigned rounds)
{
    static const void *const steps[] = { &&add, &&shift, &&mix, &&next };
    uint64_t x = 1;
    unsigned i = 0;
next:
    if (i++ == rounds) return x;
    goto *steps[(x ^ i) % 3];
add:
    x += i;
    goto *steps[x & 1 ? 3 : 1];
shift:
    x = x << 3 | x >> 61;
    goto *steps[x & 4 ? 2 : 3];
mix:
    x ^= x >> 7;
    goto *steps[3];
}

/* mov eax, imm32; ret: written again and again, called each time. */
static uint64_t written(uint8_t *code, unsigned rounds)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < rounds; i++) {
        code[0] = 0xb8;
        for (int byte = 0; byte < 4; byte++) code[1 + byte] = (uint8_t)((i / 100) >> 8 * byte);
        code[5] = 0xc3;
        sum = sum * 7 + ((unsigned (*)(void))code)();
    }
    return sum;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    for (int i = 0; i < 3; i++) report("recursion", descend(500000));
    report("longjmp", long_jumps(20000));
    report("coroutines", coroutines(200000));
    report("gotos", gotos(500000));
    if (info->cmdline[0] == 'j') report("written", written((uint8_t *)info->heap_start, 20000));
    return SOLO5_EXIT_SUCCESS;
}
