/* Runs single instructions on another CPU, or on QEMU as one: reads cases from descriptor 0, executes each by returning to it
 * from a signal handler, and writes the states that follow to descriptor 1. Linux, aarch64, no C library. See native.ts. */

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define CODE 0x200000ul
#define CODE_SIZE 0x200000ul
#define WINDOW_PAGE 0x600000ul
#define WINDOW_PAGES_SIZE 0x2000
#define WINDOW_SIZE 512
#define WINDOW (WINDOW_PAGE + 0xf00)
#define CODE_MAX 192
#define BRK 0xd4200000u
/* No cache has shorter lines. */
#define LINE 16

struct state {
  u64 x[31], sp, pc, nzcv;
  u64 signal, address, fpcr, fpsr;
  u64 v[64];
  u8 window[WINDOW_SIZE];
  u8 code[CODE_MAX];
};

/* Offsets in a signal frame's ucontext; the first record of `reserved` is FPSIMD's. */
enum { ADDRESS = 176, X = 184, SP = 432, PC = 440, PSTATE = 448, FPSR = 472, FPCR = 476, V = 480 };

static struct state *cases;
static u64 count, current;
static int started;
static u8 alternate_stack[65536] __attribute__((aligned(64)));

static long call(long number, long a, long b, long c, long d, long e, long f)
{
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

static void copy(void *to, const void *from, u64 size)
{
  for (u64 n = 0; n < size; n += 8) *(volatile u64 *)((u8 *)to + n) = *(const u64 *)((const u8 *)from + n);
}

static void finish(void)
{
  const u8 *from = (const u8 *)cases;
  u64 left = count * sizeof(struct state);
  while (left > 0) {
    long n = call(64, 1, (long)from, (long)left, 0, 0, 0);
    if (n <= 0) call(94, 3, 0, 0, 0, 0, 0);
    from += n;
    left -= (u64)n;
  }
  call(94, 0, 0, 0, 0, 0, 0);
}

static void handler(int signal, void *info, u8 *context)
{
  if (started) {
    struct state *s = &cases[current];
    s->signal = (u64)signal;
    s->address = *(u64 *)((u8 *)info + 16);
    copy(s->x, context + X, 31 * 8);
    s->sp = *(u64 *)(context + SP);
    s->pc = *(u64 *)(context + PC);
    s->nzcv = *(u64 *)(context + PSTATE) & 0xf0000000u;
    s->fpcr = *(u32 *)(context + FPCR);
    s->fpsr = *(u32 *)(context + FPSR);
    copy(s->v, context + V, 512);
    copy(s->window, (void *)WINDOW, WINDOW_SIZE);
    current++;
  }
  started = 1;
  if (current == count) finish();
  const struct state *s = &cases[current];
  copy(context + X, s->x, 31 * 8);
  *(u64 *)(context + SP) = s->sp;
  *(u64 *)(context + PC) = s->pc;
  *(u64 *)(context + PSTATE) = s->nzcv;
  *(u32 *)(context + FPCR) = (u32)s->fpcr;
  *(u32 *)(context + FPSR) = (u32)s->fpsr;
  copy(context + V, s->v, 512);
  for (u64 at = WINDOW_PAGE; at < WINDOW_PAGE + WINDOW_PAGES_SIZE; at += 8) *(volatile u64 *)at = 0;
  copy((void *)WINDOW, s->window, WINDOW_SIZE);
}

struct action {
  void (*handler)(int, void *, u8 *);
  u64 flags;
  void (*restorer)(void);
  u64 mask;
};

static void map(u64 at, u64 size, int protection)
{
  /* MAP_FIXED, MAP_PRIVATE, MAP_ANONYMOUS */
  if (call(222, (long)at, (long)size, protection, 0x32, -1, 0) != (long)at) call(94, 2, 0, 0, 0, 0, 0);
}

void _start(void)
{
  /* Where hardly any case leads. */
  const u64 place = 0x5a5a00000000ul, most = 1ul << 28;
  map(place, most, 3);
  map(CODE, CODE_SIZE, 7);
  map(WINDOW_PAGE, WINDOW_PAGES_SIZE, 3);
  cases = (struct state *)place;
  u64 size = 0;
  for (;;) {
    long n = call(63, 0, (long)(place + size), (long)(most - size), 0, 0, 0);
    if (n <= 0) break;
    size += (u64)n;
  }
  count = size / sizeof(struct state);
  for (u64 at = CODE; at < CODE + CODE_SIZE; at += 4) *(u32 *)at = BRK;
  for (u64 n = 0; n < count; n++) copy((void *)cases[n].pc, cases[n].code, CODE_MAX);
  for (u64 at = CODE; at < CODE + CODE_SIZE; at += LINE) __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
  __asm__ volatile("dsb ish" : : : "memory");
  for (u64 at = CODE; at < CODE + CODE_SIZE; at += LINE) __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
  __asm__ volatile("dsb ish; isb" : : : "memory");
  struct { void *at; int flags; u64 size; } stack = { alternate_stack, 0, sizeof alternate_stack };
  call(132, (long)&stack, 0, 0, 0, 0, 0);
  /* SA_SIGINFO, SA_ONSTACK */
  struct action action = { handler, 0x08000004, 0, 0 };
  const int signals[] = { 4, 5, 7, 8, 11 };
  for (u64 n = 0; n < sizeof signals / sizeof *signals; n++)
    call(134, signals[n], (long)&action, 0, 8, 0, 0);
  __asm__ volatile("brk 0");
}
