/*
 * ticks: a timer's interrupts come to a program that only computes, and to one that holds them off most of the time. It
 * takes the timer and its interrupt from the bindings, so it is for virtio alone, and says how far it got at each tick:
 * a replay that interrupts one instruction earlier or later prints something else.
 */
#include "test.h"

#define TICKS       8
#define IRQ0_VECTOR 32 /* as the bindings set the controllers up */
#define PIT_COUNT   5966 /* 5 ms */

static volatile unsigned ticks;
static volatile uint64_t *volatile watched;
static uint64_t seen[TICKS + 1];

static void out8(uint16_t port, uint8_t value)
{
    __asm__ __volatile__("outb %0, %1" ::"a"(value), "Nd"(port));
}

extern const char on_tick[] __attribute__((visibility("hidden")));
__asm__(".text\n"
        "on_tick:\n"
        "  cld\n"
        ".irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11\n"
        "  pushq %\\register\n"
        ".endr\n"
        "  call tick\n"
        ".irp register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax\n"
        "  popq %\\register\n"
        ".endr\n"
        "  iretq\n");

__attribute__((used, target("general-regs-only"))) static void tick(void)
{
    if (ticks < TICKS) seen[++ticks] = *watched;
    out8(0x20, 0x20); /* end of interrupt */
}

/* The bindings' gate, with its stack, leads here. */
static void take_interrupt(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } idt;
    __asm__ __volatile__("sidt %0" : "=m"(idt));
    volatile uint16_t *gate = (volatile uint16_t *)(idt.base + IRQ0_VECTOR * 16);
    uint64_t handler = (uint64_t)on_tick;
    gate[0] = (uint16_t)handler;
    gate[3] = (uint16_t)(handler >> 16);
    gate[4] = (uint16_t)(handler >> 32);
    out8(0x43, 0x34); /* channel 0, both bytes, mode 2: again and again */
    out8(0x40, PIT_COUNT & 0xff);
    out8(0x40, PIT_COUNT >> 8);
}

static volatile uint64_t rounds;

static void spin(void)
{
    __asm__ __volatile__("sti");
    while (ticks < TICKS)
        rounds++;
    __asm__ __volatile__("cli");
}

/* Interrupts are let through for one instruction in some hundreds. */
static void spin_holding_off(void)
{
    while (ticks < TICKS) {
        for (int i = 0; i < 100; i++)
            rounds++;
        __asm__ __volatile__("sti; nop; cli");
    }
}

static bool check(const char *what, void (*work)(void))
{
    rounds = 0;
    watched = &rounds;
    ticks = 0;
    work();
    puts(what);
    for (int i = 1; i <= TICKS; i++) {
        puts(" ");
        put_decimal(seen[i]);
        if (seen[i] < seen[i - 1]) return false;
    }
    puts("\n");
    return seen[TICKS] > seen[1];
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_ticks");
    take_interrupt();
    if (!check("spinning:", spin)) return failure("nothing was done between ticks");
    if (!check("holding off:", spin_holding_off)) return failure("nothing was done between ticks");
    return success();
}
