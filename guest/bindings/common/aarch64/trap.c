/*
 * Exceptions of the CPU: a vector table whose entries all end in one report, on a stack of their own, since the
 * application may have overrun its own. Source: Arm ARM, D1.
 */

#define TRAP_STACK_SIZE 4096

/* What the stubs below push, last first. */
struct trap_frame {
    uint64_t x[31];
    uint64_t sp, pc, pstate, esr, far;
};

static char trap_stack[TRAP_STACK_SIZE] __attribute__((aligned(16), used));
static uint64_t trap_scratch[2] __attribute__((used));

/*
 * Sixteen entries, 128 bytes apart: four kinds of exception from each of four states. Each saves x0 in a system
 * register that EL0 alone would use, and notes its number in x0.
 */
extern const char trap_vectors[] __attribute__((visibility("hidden")));
__asm__(".pushsection .text.trap, \"ax\", %progbits\n"
        ".balign 2048\n"
        "trap_vectors:\n"
        ".set vector, 0\n"
        ".rept 16\n"
        "  .balign 128\n"
        "  msr tpidrro_el0, x0\n"
        "  mov x0, #vector\n"
        "  b trap_common\n"
        "  .set vector, vector + 1\n"
        ".endr\n"
        ".balign 128\n"
        "trap_common:\n"
        "  msr tpidr_el1, x1\n"
        "  adrp x1, trap_scratch\n"
        "  add x1, x1, :lo12:trap_scratch\n"
        "  str x0, [x1]\n" /* the vector */
        "  mov x0, sp\n"
        "  str x0, [x1, #8]\n"
        "  adrp x0, trap_stack + 4096\n"
        "  add x0, x0, :lo12:trap_stack + 4096\n"
        "  mov sp, x0\n"
        "  sub sp, sp, #36 * 8\n"
        "  stp x2, x3, [sp, #2 * 8]\n"
        "  stp x4, x5, [sp, #4 * 8]\n"
        "  stp x6, x7, [sp, #6 * 8]\n"
        "  stp x8, x9, [sp, #8 * 8]\n"
        "  stp x10, x11, [sp, #10 * 8]\n"
        "  stp x12, x13, [sp, #12 * 8]\n"
        "  stp x14, x15, [sp, #14 * 8]\n"
        "  stp x16, x17, [sp, #16 * 8]\n"
        "  stp x18, x19, [sp, #18 * 8]\n"
        "  stp x20, x21, [sp, #20 * 8]\n"
        "  stp x22, x23, [sp, #22 * 8]\n"
        "  stp x24, x25, [sp, #24 * 8]\n"
        "  stp x26, x27, [sp, #26 * 8]\n"
        "  stp x28, x29, [sp, #28 * 8]\n"
        "  ldr x2, [x1, #8]\n"
        "  stp x30, x2, [sp, #30 * 8]\n"
        "  mrs x2, elr_el1\n"
        "  mrs x3, spsr_el1\n"
        "  stp x2, x3, [sp, #32 * 8]\n"
        "  mrs x2, esr_el1\n"
        "  mrs x3, far_el1\n"
        "  stp x2, x3, [sp, #34 * 8]\n"
        "  mrs x2, tpidrro_el0\n"
        "  mrs x3, tpidr_el1\n"
        "  stp x2, x3, [sp]\n"
        "  ldr x1, [x1]\n"
        "  mov x0, sp\n"
        "  bl trap_report\n"
        ".popsection\n");

static const char *const trap_kinds[] = { "Synchronous exception", "IRQ", "FIQ", "SError" };

/* The frame goes to the tender too, for its core dump. */
__attribute__((used, noreturn)) static void trap_report(const struct trap_frame *frame, uint64_t vector)
{
    static char cookie[512]; /* The tender takes that many bytes from where it is told. */
    log_at(LOG_INFO, "Solo5: Trap: EL1 %s caught\n", trap_kinds[vector % 4]);
    log_at(LOG_INFO, "Solo5:   ESR    : 0x%lx  FAR: 0x%lx\n", frame->esr, frame->far);
    log_at(LOG_INFO, "Solo5:   PC     : 0x%lx  LR: 0x%lx  SP: 0x%lx\n", frame->pc, frame->x[30], frame->sp);
    log_at(LOG_INFO, "Solo5:   PSTATE : 0x%lx\n", frame->pstate);
    for (int i = 0; i < 30; i += 2)
        log_at(LOG_INFO, "Solo5:   x%d: 0x%lx  x%d: 0x%lx\n", i, frame->x[i], i + 1, frame->x[i + 1]);
    log_at(LOG_ALWAYS, "Solo5: ABORT: %s:%d: Fatal trap\n", __FILE_NAME__, __LINE__);
    memcpy(cookie, frame, sizeof *frame);
    platform_exit(SOLO5_EXIT_ABORT, cookie);
}

static void trap_init(void)
{
    __asm__ __volatile__("msr vbar_el1, %0; isb" : : "r"(trap_vectors));
}
