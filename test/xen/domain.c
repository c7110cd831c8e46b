/*
 * A domain of Xen's that is no work of the bindings: it finds its way by offsets, as docs/abi.md 11 has them, gives hypercalls
 * pointers that are not physical, is interrupted in each of the ways that there are, talks to xenstore, writes and reads a disk by
 * pieces of sectors, and sends back what comes by the network in two pieces each.
 */
#include "elf_abi.h"
#include "mft_abi.h"
#include <stdint.h>

DECLARE_ELF_INTERP
ABI1_NOTE_DECLARE_BEGIN { .abi_target = 6, .abi_version = 1 } ABI1_NOTE_DECLARE_END

#define PAGE  __attribute__((aligned(4096)))
#define ALIAS 0x4000000000UL /* where the first GiB is seen again */

static PAGE uint8_t shared[4096], grants[4096], tx[4096], rx[4096], disk_ring[4096], calls[4096];
static PAGE uint8_t buffers[32][4096];
static PAGE uint64_t idt[512];
PAGE uint64_t pml4[512], pdpt[512], pd[4][512];
uint8_t stack[8192];

/* From 32 bits on: the first 4 GiB as they are, and the first once more at ALIAS. */
__asm__(".pushsection .note.solo5.xen, \"a\", @note\n"
        ".balign 4\n.long 4, 4, 18\n.asciz \"Xen\"\n.long _start32\n.popsection\n"
        ".text\n.code32\n.globl _start32\n_start32:\n"
        "  movl $pd, %edi\n  movl $0x83, %eax\n"
        "1: movl %eax, (%edi)\n  addl $8, %edi\n  addl $0x200000, %eax\n  jnc 1b\n"
        "  movl $pd + 3, pdpt\n  movl $pd + 0x1003, pdpt + 8\n  movl $pd + 0x2003, pdpt + 16\n  movl $pd + 0x3003, pdpt + 24\n"
        "  movl $pd + 3, pdpt + 8 * 256\n  movl $pdpt + 3, pml4\n"
        "  movl $pml4, %eax\n  movl %eax, %cr3\n"
        "  movl %cr4, %eax\n  orl $0x620, %eax\n  movl %eax, %cr4\n"
        "  movl $0xc0000080, %ecx\n  rdmsr\n  orl $0x100, %eax\n  wrmsr\n"
        "  movl %cr0, %eax\n  orl $0x80000002, %eax\n  movl %eax, %cr0\n"
        "  lgdt gdt_pointer\n  ljmp $8, $2f\n"
        ".code64\n2: movl $16, %eax\n  movl %eax, %ss\n  movl %eax, %ds\n  movl %eax, %es\n"
        "  leaq stack + 8192(%rip), %rsp\n  movl %ebx, %edi\n  call run\n"
        ".balign 8\ngdt: .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff\ngdt_pointer: .word 23\n.long gdt\n"
        "interrupt:\n  incl interrupts(%rip)\n  iretq\n");
extern const char interrupt[];
volatile uint32_t interrupts;

static uint8_t *alias(void *p) { return (uint8_t *)p + ALIAS; }
static volatile uint8_t *u8at(const void *p, unsigned at) { return (volatile uint8_t *)p + at; }
static volatile uint16_t *u16at(const void *p, unsigned at) { return (volatile uint16_t *)u8at(p, at); }
static volatile uint32_t *u32at(const void *p, unsigned at) { return (volatile uint32_t *)u8at(p, at); }
static volatile uint64_t *u64at(const void *p, unsigned at) { return (volatile uint64_t *)u8at(p, at); }
static uint32_t frame(const void *p) { return (uint32_t)((uintptr_t)p >> 12); }
static void barrier(void) { __asm__ __volatile__("mfence" ::: "memory"); }

static long call(unsigned nr, uint64_t a, uint64_t b, uint64_t c)
{
    long result;
    __asm__ __volatile__("call *%[stub]"
                         : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                         : [stub] "r"((uintptr_t)calls + 32 * nr)
                         : "memory", "cc");
    return result;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ __volatile__("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

/* ---- The console ---- */

static uint8_t *console;
static uint32_t console_port;

static uint64_t param(uint32_t index, uint64_t value, unsigned set)
{
    uint8_t op[16] = { 0xf0, 0x7f };
    *u32at(op, 4) = index;
    *u64at(op, 8) = value;
    if (call(34, set ? 0 : 1, (uintptr_t)alias(op), 0) != 0) __asm__("ud2");
    return *u64at(op, 8);
}

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        uint32_t at = *u32at(console, 3084);
        *u8at(console, 1024 + at % 2048) = (uint8_t)*text;
        *u32at(console, 3084) = at + 1;
    }
    call(32, 4, (uintptr_t)alias(&console_port), 0);
}

static void say_number(const char *name, uint64_t value)
{
    char text[20], *p = text + 19;
    *p = '\0';
    do
        *--p = "0123456789abcdef"[value % 16];
    while ((value /= 16) != 0);
    say(name), say(" "), say(p), say("\n");
}

static void check(const char *name, int is_right)
{
    if (!is_right) say("WRONG: "), say(name), say("\n");
}

/* ---- Events ---- */

static uint32_t port_op(unsigned op, uint32_t first, uint32_t second)
{
    uint32_t args[3] = { first, second, 0 };
    check("an operation on events", call(32, op, (uintptr_t)alias(args), 0) == 0);
    return args[op == 6 ? 1 : 2];
}

static uint64_t now(void)
{
    uint32_t low, high;
    __asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
    uint64_t cycles = ((uint64_t)high << 32 | low) - *u64at(shared, 40);
    int8_t shift = (int8_t)*u8at(shared, 60);
    cycles = shift < 0 ? cycles >> -shift : cycles << shift;
    return *u64at(shared, 48) + (uint64_t)((unsigned __int128)cycles * *u32at(shared, 56) >> 32);
}

static int is_pending(uint32_t port) { return *u8at(shared, 2048 + port / 8) >> port % 8 & 1; }

static void clear(uint32_t port)
{
    *u8at(shared, 2048 + port / 8) &= (uint8_t)~(1 << port % 8);
    *u64at(shared, 8) = 0;
    *u8at(shared, 0) = 0;
}

/* Until an event, by SCHEDOP_poll. */
static void poll(uint32_t port)
{
    uint8_t op[24] = { 0 };
    *u64at(op, 0) = (uintptr_t)alias(&port);
    *u32at(op, 8) = 1;
    check("poll", call(29, 3, (uintptr_t)alias(op), 0) == 0);
}

static void try_events(void)
{
    uint32_t timer = port_op(1, 0, 0);
    static uint64_t table[2];
    uint8_t *pointer = (uint8_t *)table;
    for (unsigned vector = 32; vector < 64; vector++) {
        uint64_t at = (uintptr_t)interrupt;
        idt[2 * vector] = (at & 0xffff) | 8UL << 16 | 0x8eUL << 40 | (at >> 16 & 0xffff) << 48;
        idt[2 * vector + 1] = at >> 32;
    }
    *u16at(pointer, 0) = 64 * 16 - 1;
    *(volatile uint64_t *)(pointer + 2) = (uintptr_t)idt;
    __asm__ __volatile__("lidt (%0)" : : "r"(pointer) : "memory");

    /* By the local APIC, once for each mark that is set. */
    volatile uint32_t *apic = (volatile uint32_t *)0xfee00000;
    check("the APIC's version", (apic[0x30 / 4] & 0xff) != 0);
    apic[0xf0 / 4] |= 0x12f;
    uint32_t vector[2] = { 0, 40 };
    check("an upcall vector", call(34, 23, (uintptr_t)alias(vector), 0) == 0);
    /* One interrupt comes at once, whether there is an event or not. */
    __asm__ __volatile__("sti; nop; nop; cli" ::: "memory");
    check("one at once", interrupts == 1);
    apic[0xb0 / 4] = 0;
    clear(console_port);
    interrupts = 0;
    port_op(9, timer, 0);
    uint64_t start = now();
    call(15, start + 3000000, 0, 0);
    while (interrupts == 0)
        __asm__ __volatile__("sti; hlt; cli" ::: "memory");
    check("the timer's event", is_pending(timer) && *u8at(shared, 0) == 1 && *u64at(shared, 8) == 1);
    check("3 ms have passed", now() - start >= 3000000);
    check("the vector is in service", apic[0x110 / 4] == 1U << 8);
    /* The mark stays, so that no other comes; nor does one while this is in service. */
    __asm__ __volatile__("sti; nop; nop; cli" ::: "memory");
    check("one interrupt", interrupts == 1);
    clear(timer);
    call(15, now() - 1, 0, 0);
    poll(timer);
    __asm__ __volatile__("sti; nop; nop; cli" ::: "memory");
    check("held back", interrupts == 1 && is_pending(timer));
    apic[0xb0 / 4] = 0;
    __asm__ __volatile__("sti; nop; nop; cli" ::: "memory");
    check("let through", interrupts == 2);
    apic[0xb0 / 4] = 0;
    clear(timer);

    /* By a vector without it, as long as the mark is set. */
    vector[1] = 0;
    interrupts = 0;
    param(0, 2UL << 56 | 41, 1);
    uint8_t single[16] = { 0 };
    /* Long enough that it does not come before the wait: what is blocked then stays so. */
    *u64at(single, 0) = now() + 50000000;
    /* Vector 0 is none, so that it is still 40. */
    check("no vector 0", call(34, 23, (uintptr_t)alias(vector), 0) == -22);
    check("single shot", call(24, 8, 0, (uintptr_t)alias(single)) == 0);
    check("block", call(29, 1, 0, 0) == 0);
    check("the event again", is_pending(timer));
    clear(timer);
    __asm__ __volatile__("sti; nop; nop; cli" ::: "memory");
    check("its interrupt", interrupts == 1);
    apic[0xb0 / 4] = 0;
    uint32_t bad = 4000;
    check("nobody's port", call(32, 4, (uintptr_t)alias(&bad), 0) == -22);
    check("no such call", call(50, 0, 0, 0) == -38);
    check("no such place", call(12, 9, 0x123456789000, 0) == -14);
    say("events\n");
}

/* ---- Xenstore ---- */

static uint8_t *store;
static uint32_t store_port;
static char answer[4097];

static void store_bytes(uint8_t *data, unsigned size, int is_write)
{
    while (size > 0) {
        uint32_t from = *u32at(store, is_write ? 2052 : 2056), other = *u32at(store, is_write ? 2048 : 2060);
        if (is_write ? from - other == 1024 : from == other) {
            clear(store_port);
            call(32, 4, (uintptr_t)alias(&store_port), 0);
            continue;
        }
        if (is_write) *u8at(store, from % 1024) = *data++;
        else *data++ = *u8at(store, 1024 + from % 1024);
        barrier();
        *u32at(store, is_write ? 2052 : 2056) = from + 1;
        size--;
    }
}

/* The type of the next message; what it says is in `answer`. */
static uint32_t next_message(void)
{
    uint32_t head[4];
    store_bytes((uint8_t *)head, 16, 0);
    store_bytes((uint8_t *)answer, head[3], 0);
    answer[head[3]] = '\0';
    return head[0];
}

static unsigned length(const char *text)
{
    unsigned size = 0;
    while (text[size] != '\0')
        size++;
    return size;
}

/* (second) follows the path's NUL. */
static uint32_t ask(uint32_t type, uint32_t transaction, const char *path, const char *second, unsigned second_size)
{
    uint32_t head[4] = { type, 77, transaction, length(path) + 1 + second_size };
    store_bytes((uint8_t *)head, 16, 1);
    store_bytes((uint8_t *)path, length(path) + 1, 1);
    store_bytes((uint8_t *)second, second_size, 1);
    return next_message();
}

static int same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

static uint32_t number(const char *text)
{
    uint32_t value = 0;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (uint32_t)(*text++ - '0');
    return value;
}

static void put(const char *path, uint32_t value)
{
    char text[12], *p = text + 11;
    *p = '\0';
    do
        *--p = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    check(path, ask(11, 0, path, p, length(p)) == 11);
}

static const char *get(const char *path)
{
    return ask(2, 0, path, "", 0) == 2 ? answer : "none";
}

static void try_store(void)
{
    store = (uint8_t *)(param(1, 0, 0) << 12);
    store_port = (uint32_t)param(2, 0, 0);
    check("names", ask(1, 0, "device", "", 0) == 1 && same(answer, "vif") && same(answer + 4, "vbd"));
    check("absolute", same(get("/local/domain/1/domid"), "1"));
    check("nothing there", ask(2, 0, "data/none", "", 0) == 16 && same(answer, "ENOENT"));
    check("not ours to write", ask(11, 0, "/local/domain/0/x", "1", 1) == 16 && same(answer, "EACCES"));
    check("a watch", ask(4, 0, "data", "token", 6) == 4);
    check("its first event", next_message() == 15 && same(answer, "data") && same(answer + 5, "token"));
    check("a transaction", ask(6, 0, "", "", 0) == 6);
    uint32_t transaction = number(answer);
    check("a write in it", ask(11, transaction, "data/a/b", "value", 5) == 11);
    check("seen in it", ask(2, transaction, "data/a/b", "", 0) == 2 && same(answer, "value"));
    check("not outside", same(get("data/a/b"), "none"));
    check("its end", ask(7, transaction, "T", "", 0) == 7);
    check("told of it", next_message() == 15 && same(answer, "data/a/b"));
    check("seen outside", same(get("data/a/b"), "value"));
    check("removed", ask(13, 0, "data/a", "", 0) == 13 && next_message() == 15 && same(get("data/a/b"), "none"));
    check("no watch", ask(5, 0, "data", "token", 6) == 5);
    /* More than the ring holds. */
    static char large[2000];
    for (unsigned i = 0; i < sizeof large; i++)
        large[i] = (char)('a' + i % 26);
    check("a large value", ask(11, 0, "data/large", large, sizeof large) == 11);
    check("back again", ask(2, 0, "data/large", "", 0) == 2 && length(answer) == sizeof large && answer[1999] == large[1999]);
    say("xenstore\n");
}

/* ---- Grants, and rings ---- */

static uint32_t grant(const void *page, unsigned flags)
{
    static uint32_t next = 8;
    *u16at(grants, 8 * next + 2) = 0;
    *u32at(grants, 8 * next + 4) = frame(page);
    barrier();
    *u16at(grants, 8 * next) = (uint16_t)flags;
    return next++;
}

static void add_page(uint32_t space, const void *page)
{
    uint8_t op[24] = { 0xf0, 0x7f };
    *u32at(op, 4) = space;
    *u64at(op, 16) = frame(page);
    check("a page of Xen's", call(12, 7, (uintptr_t)alias(op), 0) == 0);
}

static uint32_t disk_port;

/* One segment or (count) of the same; gives the status. */
static int16_t disk(uint8_t operation, uint64_t sector, uint32_t ref, uint8_t first, uint8_t last, uint8_t count)
{
    uint32_t at = *u32at(disk_ring, 0), place = 64 + at % 32 * 112;
    *u8at(disk_ring, place) = operation;
    *u8at(disk_ring, place + 1) = count;
    *u64at(disk_ring, place + 8) = 0x1234567800000000 + at;
    *u64at(disk_ring, place + 16) = sector;
    for (unsigned i = 0; i < 11; i++) {
        *u32at(disk_ring, place + 24 + 8 * i) = ref + i;
        *u8at(disk_ring, place + 28 + 8 * i) = first;
        *u8at(disk_ring, place + 29 + 8 * i) = last;
    }
    barrier();
    *u32at(disk_ring, 0) = at + 1;
    *u32at(disk_ring, 12) = at + 1;
    check("the disk wants to hear", *u32at(disk_ring, 4) == at + 1);
    call(32, 4, (uintptr_t)alias(&disk_port), 0);
    poll(disk_port);
    clear(disk_port);
    check("one answer", *u32at(disk_ring, 8) == at + 1);
    check("the same number", *u64at(disk_ring, place) == 0x1234567800000000 + at && *u8at(disk_ring, place + 8) == operation);
    return (int16_t)*u16at(disk_ring, place + 10);
}

static void try_disk(void)
{
    disk_port = port_op(6, 0x7ff0, 0);
    put("device/vbd/51712/ring-ref", grant(disk_ring, 1));
    *u32at(disk_ring, 4) = *u32at(disk_ring, 12) = 1;
    put("device/vbd/51712/event-channel", disk_port);
    check("it waits", same(get("/local/domain/0/backend/vbd/1/51712/state"), "2"));
    put("device/vbd/51712/state", 3);
    check("it is connected", same(get("/local/domain/0/backend/vbd/1/51712/state"), "4"));
    check("the ring is in use", (*u16at(grants, 8 * 8) & 0x19) == 0x19);
    uint32_t sectors = number(get("/local/domain/0/backend/vbd/1/51712/sectors"));
    say_number("sectors", sectors);
    uint32_t first = 0;
    for (unsigned i = 0; i < 11; i++) {
        uint32_t ref = grant(buffers[i], 1);
        if (i == 0) first = ref;
        for (unsigned k = 0; k < 4096; k++)
            buffers[i][k] = (uint8_t)(i * 31 + k / 512 * 7 + k);
    }
    uint32_t readonly = grant(buffers[0], 1 | 4), closed = grant(buffers[0], 0);
    check("eleven pieces written", disk(1, 3, first, 2, 5, 11) == 0);
    for (unsigned i = 0; i < 11; i++)
        for (unsigned k = 0; k < 4096; k++)
            buffers[i][k] = 0;
    check("eleven pieces read", disk(0, 3, first, 1, 4, 11) == 0);
    int is_right = 1;
    for (unsigned i = 0; i < 11; i++)
        for (unsigned k = 0; k < 4096; k++) {
            unsigned from = k + 512;
            uint8_t expected = k >= 512 && k < 5 * 512 ? (uint8_t)(i * 31 + from / 512 * 7 + from) : 0;
            is_right &= buffers[i][k] == expected;
        }
    check("what was read", is_right);
    check("flush", disk(3, 0, 0, 0, 0, 0) == 0);
    check("unknown", disk(9, 0, first, 0, 0, 1) == -2);
    check("behind the end", disk(0, sectors, first, 0, 0, 1) == -1 && disk(0, sectors - 1, first, 0, 1, 1) == -1);
    check("far behind the end", disk(0, ~0UL, first, 0, 0, 1) == -1);
    check("no piece", disk(0, 0, first, 0, 0, 0) == -1 && disk(0, 0, first, 0, 0, 12) == -1);
    check("a piece that is none", disk(0, 0, first, 5, 4, 1) == -1 && disk(0, 0, first, 0, 8, 1) == -1);
    check("not granted", disk(0, 0, 5000, 0, 0, 1) == -1 && disk(0, 0, closed, 0, 0, 1) == -1);
    check("read only", disk(0, 0, readonly, 0, 0, 1) == -1 && disk(1, 0, readonly, 0, 0, 1) == 0);
    put("device/vbd/51712/state", 5);
    put("device/vbd/51712/state", 6);
    check("it is closed", same(get("/local/domain/0/backend/vbd/1/51712/state"), "6") && (*u16at(grants, 8 * 8) & 0x18) == 0);
    say("disk\n");
}

/* Sends back all that comes, until a frame of 14 bytes; each in two pieces, where it is in several pages more. */
static void echo(void)
{
    uint32_t port = port_op(6, 0x7ff0, 0), refs[16], taken = 0;
    put("device/vif/0/tx-ring-ref", grant(tx, 1));
    put("device/vif/0/rx-ring-ref", grant(rx, 1));
    put("device/vif/0/event-channel", port);
    put("device/vif/0/request-rx-copy", 1);
    put("device/vif/0/feature-sg", 1);
    *u32at(tx, 4) = *u32at(tx, 12) = *u32at(rx, 4) = *u32at(rx, 12) = 1;
    for (uint32_t i = 0; i < 16; i++) {
        refs[i] = grant(buffers[i], 1);
        *u16at(rx, 64 + 8 * i) = (uint16_t)i;
        *u32at(rx, 64 + 8 * i + 4) = refs[i];
    }
    *u32at(rx, 0) = 16;
    put("device/vif/0/state", 4);
    check("the network is connected", same(get("/local/domain/0/backend/vif/1/0/state"), "4"));
    say("mac "), say(get("device/vif/0/mac")), say("\nechoes\n");
    for (uint32_t sent = 0;;) {
        clear(port);
        *u32at(rx, 12) = taken + 1;
        barrier();
        if (*u32at(rx, 8) == taken) {
            poll(port);
            continue;
        }
        /* All pages of a frame. */
        uint32_t first = taken, total = 0;
        for (int is_more = 1; is_more;) {
            uint32_t at = 64 + taken++ % 256 * 8;
            check("a whole frame", *u32at(rx, 8) - first >= taken - first && (int16_t)*u16at(rx, at + 6) > 0);
            is_more = *u16at(rx, at + 4) & 4;
            total += *u16at(rx, at + 6);
        }
        if (total == 14) break;
        uint32_t before = sent;
        for (uint32_t i = first; i != taken; i++) {
            uint32_t at = 64 + i % 256 * 8, page = *u16at(rx, at), size = *u16at(rx, at + 6);
            for (unsigned piece = 0; piece < 2; piece++) {
                uint32_t place = 64 + sent++ % 256 * 12, half = piece == 0 ? size / 2 : size - size / 2;
                int is_last = i + 1 == taken && piece == 1;
                *u32at(tx, place) = refs[page];
                *u16at(tx, place + 4) = (uint16_t)(piece == 0 ? 0 : size / 2);
                *u16at(tx, place + 6) = is_last ? 0 : 4;
                *u16at(tx, place + 8) = (uint16_t)sent;
                *u16at(tx, place + 10) = (uint16_t)(i == first && piece == 0 ? total : half);
            }
        }
        barrier();
        *u32at(tx, 0) = sent;
        call(32, 4, (uintptr_t)alias(&port), 0);
        for (uint32_t i = before; i != sent; i++) {
            uint32_t place = 64 + i % 256 * 12;
            check("taken", *u32at(tx, 8) == sent && *u16at(tx, place) == (uint16_t)(i + 1) && *u16at(tx, place + 2) == 0);
        }
        for (uint32_t i = first; i != taken; i++) {
            uint32_t to = 64 + (i + 16) % 256 * 8, page = *u16at(rx, 64 + i % 256 * 8);
            *u16at(rx, to) = (uint16_t)page;
            *u32at(rx, to + 4) = refs[page];
        }
        barrier();
        *u32at(rx, 0) = taken + 16;
    }
    say("echoed\n");
}

__attribute__((used)) void run(const uint8_t *info)
{
    uint32_t a = 0x40000000, b, c, d;
    __asm__ __volatile__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    if (a < 0x40000002 || b != 0x566e6558 || c != 0x65584d4d || d != 0x4d4d566e) __asm__("ud2");
    a = 0x40000002;
    __asm__ __volatile__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    wrmsr(b, (uintptr_t)calls);
    console = (uint8_t *)(param(17, 0, 0) << 12);
    console_port = (uint32_t)param(18, 0, 0);
    say_number("magic", *u32at(info, 0));
    say_number("version", *u32at(info, 4));
    say("arguments "), say((const char *)*u64at(info, 24)), say("\n");
    const uint8_t *map = (const uint8_t *)*u64at(info, 40);
    for (unsigned i = 0; i < *u32at(info, 48); i++)
        say_number(*u32at(map, 24 * i + 16) == 1 ? "ram to" : "not ram to", *u64at(map, 24 * i) + *u64at(map, 24 * i + 8));
    static uint8_t ranges[32 * 20];
    uint8_t op[16] = { 32 };
    *u64at(op, 8) = (uintptr_t)alias(ranges);
    check("a memory map", call(12, 9, (uintptr_t)alias(op), 0) == 0 && *u32at(op, 0) == *u32at(info, 48));
    say_number("again", *(volatile uint64_t *)(ranges + 8));
    add_page(0, shared);
    for (unsigned i = 0; i < 512; i++)
        *u8at(shared, 2560 + i) = 0xff;
    say_number("wall", *u32at(shared, 3076) + now() / 1000000000);
    /* The console's event came when nothing was masked. */
    clear(console_port);
    try_events();
    try_store();
    add_page(1, grants);
    try_disk();
    echo();
    /* Reboot, with a status that the console tells. */
    say("Solo5: solo5_exit(7) called\n");
    uint32_t reason = 1;
    call(29, 2, (uintptr_t)alias(&reason), 0);
}
