/*
 * Exceptions of the CPU: a table of gates that all end in one report. Each runs on a stack of its own, since the
 * application uses the red zone and may have overrun its stack. Sources: Intel SDM volume 3, chapters 3, 6 and 8.
 */

#define TRAP_STACK_SIZE 4096
#define VECTORS         48
#define SELECTOR_CODE   0x08
#define SELECTOR_DATA   0x10
#define SELECTOR_TSS    0x18

/* Interrupt stack table indices: interrupts, traps, and what may strike during a trap. */
enum ist { IST_INTERRUPT = 1, IST_TRAP, IST_NMI };

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t ist[8]; /* [0] is reserved, so that an index here is one in a gate */
    uint8_t reserved1[10];
    uint16_t iomap;
} __attribute__((packed));

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

/* For lgdt and lidt. */
struct table_pointer {
    uint16_t limit;
    const void *base;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "tss");
_Static_assert(sizeof(struct gate) == 16, "gate");

static char trap_stacks[3][TRAP_STACK_SIZE] __attribute__((aligned(16)));
static struct tss tss;
static struct gate idt[VECTORS];
static uint64_t gdt[5] = {
    0,
    0x00af99000000ffff, /* code, 64-bit */
    0x00cf93000000ffff, /* data */
    0, 0,               /* TSS, two words */
};

/* What the stubs below and the CPU push, last first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * One stub per vector, 16 bytes apart: the vector and, where the CPU pushes none, an error code of 0. Then all
 * registers, and the report, from which a debugger finds back to the trap. The vectors with an error code of their own are 8, 10 to 14, 17 and 21.
 */
extern const char trap_stubs[] __attribute__((visibility("hidden")));
__asm__(".pushsection .text.trap, \"ax\", @progbits\n"
        ".balign 16\n"
        "trap_stubs:\n"
        ".set vector, 0\n"
        ".rept 48\n"
        "  .balign 16\n"
        "  .if (0x227d00 >> vector) & 1 == 0\n"
        "    pushq $0\n"
        "  .endif\n"
        "  pushq $vector\n"
        "  jmp trap_common\n"
        "  .set vector, vector + 1\n"
        ".endr\n"
        "trap_common:\n"
        ".cfi_startproc simple\n"
        ".cfi_signal_frame\n"
        ".cfi_def_cfa rsp, 56\n"
        ".cfi_offset rip, -40\n"
        ".cfi_offset rsp, -16\n"
        "  cld\n"
        ".irp register, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15\n"
        "  pushq %\\register\n"
        "  .cfi_adjust_cfa_offset 8\n"
        "  .cfi_rel_offset \\register, 0\n"
        ".endr\n"
        "  movq %rsp, %rdi\n"
        "  call trap_report\n"
        ".cfi_endproc\n"
        ".popsection\n");

static const char *const trap_names[] = {
    "#DE", "#DB", "#NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL, "#TS",
    "#NP", "#SS", "#GP",  "#PF", NULL,  "#MF", "#AC", "#MC", "#XM", "#VE",
};

/* The frame goes to the tender too, for its core dump. */
__attribute__((used, noreturn)) static void trap_report(struct trap_frame *frame)
{
    static char cookie[512]; /* The tender takes that many bytes from where it is told. */
    const char *name = frame->vector < sizeof trap_names / sizeof *trap_names ? trap_names[frame->vector] : NULL;
    log_at(LOG_INFO, "Solo5: trap: type=%s ec=0x%lx rip=0x%lx rsp=0x%lx rflags=0x%lx\n", name != NULL ? name : "?",
           frame->error_code, frame->rip, frame->rsp, frame->rflags);
    if (frame->vector == 14) {
        uint64_t cr2;
        __asm__ __volatile__("movq %%cr2, %0" : "=r"(cr2));
        log_at(LOG_INFO, "Solo5: trap: cr2=0x%lx\n", cr2);
    }
    log_at(LOG_ALWAYS, "Solo5: ABORT: %s:%d: Fatal trap\n", __FILE_NAME__, __LINE__);
    memcpy(cookie, frame, sizeof *frame);
    platform_exit(SOLO5_EXIT_ABORT, cookie);
}

static uint64_t trap_stack_top(enum ist ist)
{
    return (uintptr_t)trap_stacks[ist - 1] + TRAP_STACK_SIZE;
}

static enum ist trap_ist(unsigned vector)
{
    if (vector >= 32) return IST_INTERRUPT;
    return vector == 2 || vector == 8 ? IST_NMI : IST_TRAP;
}

static struct gate trap_gate(uintptr_t stub, enum ist ist)
{
    return (struct gate){
        .offset_low = (uint16_t)stub,
        .offset_middle = (uint16_t)(stub >> 16),
        .offset_high = (uint32_t)(stub >> 32),
        .selector = SELECTOR_CODE,
        .ist = (uint8_t)ist,
        .type = 0x8e, /* present, interrupt gate, privilege 0 */
    };
}

static void gdt_load(void)
{
    uintptr_t base = (uintptr_t)&tss;
    gdt[3] = (sizeof tss - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 | (base >> 24 & 0xff) << 56;
    gdt[4] = base >> 32;
    struct table_pointer pointer = { sizeof gdt - 1, gdt };
    uint64_t scratch;
    __asm__ __volatile__("lgdt %[gdt]\n"
                         "pushq %[code]\n"
                         "leaq 1f(%%rip), %[scratch]\n"
                         "pushq %[scratch]\n"
                         "lretq\n"
                         "1:\n"
                         "movl %[data], %%ds\n"
                         "movl %[data], %%es\n"
                         "movl %[data], %%ss\n"
                         "ltr %w[tss]\n"
                         : [scratch] "=&r"(scratch)
                         : [gdt] "m"(pointer), [code] "i"(SELECTOR_CODE), [data] "r"(SELECTOR_DATA),
                           [tss] "r"(SELECTOR_TSS)
                         : "memory");
}

static void trap_init(void)
{
    for (enum ist ist = IST_INTERRUPT; ist <= IST_NMI; ist++)
        tss.ist[ist] = trap_stack_top(ist);
    tss.iomap = sizeof tss; /* none */
    gdt_load();

    for (unsigned vector = 0; vector < VECTORS; vector++) {
        bool reserved = vector == 9 || vector == 15 || (vector > 20 && vector < 32);
        if (!reserved) idt[vector] = trap_gate((uintptr_t)trap_stubs + vector * 16, trap_ist(vector));
    }
    struct table_pointer pointer = { sizeof idt - 1, idt };
    __asm__ __volatile__("lidt %0" : : "m"(pointer));
}
