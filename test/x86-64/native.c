/* Runs single instructions on the real CPU: reads cases from descriptor 0, executes each inside a signal handler's
 * return, and writes the states that follow to descriptor 1. Linux, x86-64, no C library. See native.ts. */

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define CODE 0x200000ul
#define CODE_SIZE 0x200000ul
#define WINDOW_PAGE 0x500000ul
#define WINDOW (WINDOW_PAGE + 0xf00)
#define WINDOW_SIZE 512
#define CODE_MAX 192

struct state {
  u64 gpr[16]; /* in the order of encodings */
  u64 rip, rflags;
  u64 trap, error, address; /* of the exception that ended it */
  u64 reserved;
  u8 fx[416]; /* FXSAVE's image as far as XMM15 */
  u8 window[WINDOW_SIZE];
  u8 code[CODE_MAX];
};

/* gregs of a signal frame, by the numbers of encodings: rax rcx rdx rbx rsp rbp rsi rdi r8 to r15. */
static const u8 greg_of[16] = {13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7};
enum { GREG_RIP = 16, GREG_FLAGS = 17, GREG_ERROR = 19, GREG_TRAP = 20, GREG_CR2 = 22 };

static struct state *cases;
static u64 count, current;
static int started;
static u8 alternate_stack[65536] __attribute__((aligned(64)));

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static void copy(void *to, const void *from, u64 size) {
  for (u64 n = 0; n < size; n++) ((volatile u8 *)to)[n] = ((const u8 *)from)[n];
}

static void fill(u64 at, u8 value, u64 size) {
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(value) : "memory");
}

static void finish(void) {
  const u8 *from = (const u8 *)cases;
  u64 left = count * sizeof(struct state);
  while (left > 0) {
    long n = call(1, 1, (long)from, (long)left, 0, 0, 0);
    if (n <= 0) call(231, 3, 0, 0, 0, 0, 0);
    from += n;
    left -= (u64)n;
  }
  call(231, 0, 0, 0, 0, 0, 0);
}

/* Every exception comes here: keep what the last case left, and return into the next one. */
static void handler(int number, void *info, u8 *context) {
  u64 *gregs = (u64 *)(context + 40);
  u8 *fp = *(u8 **)(context + 40 + 23 * 8);
  (void)number;
  (void)info;
  if (started) {
    struct state *s = &cases[current];
    for (int n = 0; n < 16; n++) s->gpr[n] = gregs[greg_of[n]];
    fill(s->reserved, 0xcc, CODE_MAX);
    s->rip = gregs[GREG_RIP];
    s->rflags = gregs[GREG_FLAGS];
    s->trap = gregs[GREG_TRAP];
    s->error = gregs[GREG_ERROR];
    s->address = gregs[GREG_CR2];
    copy(s->fx, fp, sizeof s->fx);
    copy(s->window, (void *)WINDOW, WINDOW_SIZE);
    current++;
  }
  started = 1;
  if (current == count) finish();
  struct state *s = &cases[current];
  for (int n = 0; n < 16; n++) gregs[greg_of[n]] = s->gpr[n];
  gregs[GREG_RIP] = s->rip;
  gregs[GREG_FLAGS] = s->rflags;
  u32 mask = *(u32 *)(fp + 28);
  copy(fp, s->fx, sizeof s->fx);
  *(u32 *)(fp + 28) = mask;
  /* The header behind the image says which parts are in use. */
  *(u64 *)(fp + 512) |= 3;
  fill(WINDOW_PAGE, 0, 0x2000);
  copy((void *)WINDOW, s->window, WINDOW_SIZE);
  copy((void *)s->rip, s->code, CODE_MAX);
  s->reserved = s->rip;
}

__attribute__((naked)) static void restore(void) { __asm__("mov $15, %eax\n syscall"); }

__attribute__((used)) static void main_(void) {
  u64 capacity = 64ul << 20;
  cases = (struct state *)call(9, 0, (long)capacity, 3, 0x22, -1, 0);
  u64 have = 0;
  for (;;) {
    long n = call(0, 0, (long)((u8 *)cases + have), (long)(capacity - have), 0, 0, 0);
    if (n <= 0) break;
    have += (u64)n;
  }
  count = have / sizeof(struct state);
  if (call(9, CODE, CODE_SIZE, 7, 0x32, -1, 0) != CODE) call(231, 4, 0, 0, 0, 0, 0);
  if (call(9, WINDOW_PAGE, 0x2000, 3, 0x32, -1, 0) != WINDOW_PAGE) call(231, 5, 0, 0, 0, 0, 0);
  fill(CODE, 0xcc, CODE_SIZE);
  struct { void *sp; int flags; u64 size; } stack = {alternate_stack, 0, sizeof alternate_stack};
  call(131, (long)&stack, 0, 0, 0, 0, 0);
  struct { void *handler; u64 flags; void *restorer; u64 mask; } action = {(void *)handler, 0x0c000004, (void *)restore, 0};
  static const u8 signals[] = {4, 5, 7, 8, 11};
  for (int n = 0; n < 5; n++) call(13, signals[n], (long)&action, 0, 8, 0, 0);
  __asm__ volatile("int3");
}

__attribute__((naked)) void _start(void) { __asm__("and $-16, %rsp\n call main_"); }
