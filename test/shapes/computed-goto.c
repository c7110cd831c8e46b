/*
 * An interpreter as languages have them: each handler jumps to the next by a table of addresses, some share their ends, some call
 * functions, and one calls the interpreter itself. Its stack may be the last bytes of memory. Its checksum, and `end` as for
 * generated programs.
 */
#include "solo5.h"

#define LENGTH 512
#define DEPTH 3

static unsigned char code[LENGTH];
static uint64_t left;
static uint64_t table[64];

__attribute__((noinline)) static uint64_t mix(uint64_t x, uint64_t y)
{
    x ^= y + 0x9e3779b97f4a7c15u + (x << 6) + (x >> 2);
    table[x & 63] += y;
    return x;
}

static uint64_t interpret(unsigned at, uint64_t a, unsigned depth)
{
    static const void *const handlers[] = {&&add, &&xor, &&rotate, &&store, &&load, &&swap, &&call, &&skip,
        &&divide, &&half, &&self, &&real, &&push, &&pop, &&shift, &&leave};
    volatile uint64_t stack[8] = {0};
    uint64_t b = depth * 77u + 1, c = 3;
    unsigned top = 0;
    double r = 1.0;

#define NEXT                                          \
    do {                                              \
        if (left == 0)                                \
            goto leave;                               \
        left--;                                       \
        at = (at + 1) & (LENGTH - 1);                 \
        goto *handlers[(code[at] ^ (a >> 60)) & 15];  \
    } while (0)

    NEXT;
add:
    a += b;
    NEXT;
xor:
    a ^= c << 7;
    NEXT;
rotate:
    b = b << 13 | b >> 51;
    goto mixed;
store:
    stack[top & 7] = a;
    goto mixed;
load:
    c += stack[b & 7];
    NEXT;
swap:
    a ^= b;
    b ^= a;
    a ^= b;
mixed:
    c = c * 5 + (a & 0xff);
    NEXT;
call:
    b = mix(b, a);
    NEXT;
skip:
    if (a & 4)
        at += (unsigned)(c & 31);
    NEXT;
divide:
    b += a / (c | 1);
    NEXT;
half:
    a = (a & 0xffffffff) * 3 + (b >> 32);
    goto mixed;
self:
    if (depth < DEPTH && (c & 3) == 0)
        a += interpret(at, b, depth + 1);
    NEXT;
real:
    r = r * 0.75 + (double)(int)(a & 0xffff);
    b += (uint64_t)r;
    NEXT;
push:
    stack[++top & 7] = c;
    NEXT;
pop:
    a += stack[top-- & 7];
    NEXT;
shift:
    a = (a >> 3) ^ (b << 5) ^ at;
    NEXT;
leave:
    if (left != 0 && (depth == 0 || (a & 6) != 0))
        NEXT;
    return a ^ b ^ c;
}

static const struct solo5_start_info *start;
static char own_stack[16384] __attribute__((aligned(64)));

static void run(void)
{
    uint64_t sum = interpret(0, 1, 0);
    char line[] = "computed-goto 0000000000000000\n";
    for (int at = 29; at >= 14; at--, sum >>= 4)
        line[at] = "0123456789abcdef"[sum & 15];
    solo5_console_write(line, sizeof line - 1);
    solo5_exit(SOLO5_EXIT_SUCCESS);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    start = info;
    const char *s = start->cmdline;
    for (; *s >= '0' && *s <= '9'; s++)
        left = left * 10 + (uint64_t)(*s - '0');
    if (left == 0)
        left = 100000000;
    left *= 30;
    uint64_t x = 88172645463325252u;
    for (unsigned at = 0; at < LENGTH; at++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        code[at] = (unsigned char)(x >> 40);
    }
    uintptr_t stack = (uintptr_t)own_stack + sizeof own_stack;
    if (s[0] == ' ' && s[1] == 'e')
        stack = start->heap_start + start->heap_size;
    __asm__ volatile("mov %0, %%rsp\n\tcall *%1\n\tud2" : : "r"(stack), "r"(run) : "memory");
    __builtin_unreachable();
}
