/*
 * Interrupts, which only wake a waiting CPU: two cascaded controllers, whose sixteen lines are vectors 32 to 47, and a
 * handler that quiets whoever raised the line. Source: Intel 8259A data sheet.
 */

#define PIC_MASTER       0x20
#define PIC_SLAVE        0xa0
#define PIC_DATA         1 /* behind either: the interrupt masks, and the rest of the initialisation */
#define PIC_ICW1         0x11 /* begin: edge triggered, cascaded, four words */
#define PIC_ICW4         0x01 /* 8086 mode */
#define PIC_EOI          0x20
#define PIC_READ_ISR     0x0b
#define PIC_CASCADE      2 /* the master's line that the slave is on */
#define FIRST_VECTOR     32

/* All devices that share these lines. */
static const struct virtio_device *irq_devices[MFT_MAX_ENTRIES];
static unsigned irq_device_count;

/* One stub per line, 16 bytes apart. What C may change is kept, and told to debuggers where; flags and stack
 * are the CPU's business. */
extern const char irq_stubs[] __attribute__((visibility("hidden")));
__asm__(".pushsection .text.irq, \"ax\", @progbits\n"
        ".balign 16\n"
        "irq_stubs:\n"
        ".cfi_startproc simple\n"
        ".cfi_signal_frame\n"
        ".cfi_def_cfa rsp, 40\n"
        ".cfi_offset rip, -40\n"
        ".cfi_offset rsp, -16\n"
        ".set line, 0\n"
        ".rept 16\n"
        "  .balign 16\n"
        "  .cfi_def_cfa_offset 40\n"
        "  pushq %rdi\n"
        "  .cfi_def_cfa_offset 48\n"
        "  .cfi_offset rdi, -48\n"
        "  movl $line, %edi\n"
        "  jmp irq_common\n"
        "  .set line, line + 1\n"
        ".endr\n"
        "irq_common:\n"
        "  cld\n"
        ".irp register, rax, rcx, rdx, rsi, r8, r9, r10, r11\n"
        "  pushq %\\register\n"
        "  .cfi_adjust_cfa_offset 8\n"
        "  .cfi_rel_offset \\register, 0\n"
        ".endr\n"
        "  call irq_handle\n"
        ".irp register, r11, r10, r9, r8, rsi, rdx, rcx, rax, rdi\n"
        "  popq %\\register\n"
        "  .cfi_adjust_cfa_offset -8\n"
        "  .cfi_same_value \\register\n"
        ".endr\n"
        "  iretq\n"
        ".cfi_endproc\n"
        ".popsection\n");

/* Whether the line's controller says that it interrupted; otherwise it gave up its lowest line meanwhile. */
static bool pic_is_in_service(unsigned irq)
{
    uint16_t pic = irq < 8 ? PIC_MASTER : PIC_SLAVE;
    out8(pic, PIC_READ_ISR);
    return (in8(pic) >> (irq & 7) & 1) != 0;
}

__attribute__((used)) static void irq_handle(unsigned irq)
{
    for (unsigned i = 0; i < irq_device_count; i++)
        if (irq_devices[i]->irq == irq) in8(irq_devices[i]->port + VIRTIO_ISR); /* Reading lowers the line. */
    bool is_spurious = (irq & 7) == 7 && !pic_is_in_service(irq);
    if (irq >= 8 && !is_spurious) out8(PIC_SLAVE, PIC_EOI);
    if (irq >= 8 || !is_spurious) out8(PIC_MASTER, PIC_EOI);
}

static void pic_unmask(unsigned irq)
{
    uint16_t port = (irq < 8 ? PIC_MASTER : PIC_SLAVE) + PIC_DATA;
    out8(port, (uint8_t)(in8(port) & ~(1 << (irq & 7))));
}

/* From now on (device) may interrupt. */
static void interrupt_add(const struct virtio_device *device)
{
    if (device->irq >= 16) FAIL("A device has no interrupt line");
    irq_devices[irq_device_count++] = device;
    pic_unmask(device->irq);
}

static void interrupt_init(void)
{
    for (unsigned irq = 0; irq < 16; irq++)
        idt[FIRST_VECTOR + irq] = trap_gate((uintptr_t)irq_stubs + irq * 16, IST_INTERRUPT);
    out8(PIC_MASTER, PIC_ICW1);
    out8(PIC_MASTER + PIC_DATA, FIRST_VECTOR);
    out8(PIC_MASTER + PIC_DATA, 1 << PIC_CASCADE);
    out8(PIC_MASTER + PIC_DATA, PIC_ICW4);
    out8(PIC_SLAVE, PIC_ICW1);
    out8(PIC_SLAVE + PIC_DATA, FIRST_VECTOR + 8);
    out8(PIC_SLAVE + PIC_DATA, PIC_CASCADE);
    out8(PIC_SLAVE + PIC_DATA, PIC_ICW4);
    out8(PIC_MASTER + PIC_DATA, 0xff);
    out8(PIC_SLAVE + PIC_DATA, 0xff);
    pic_unmask(PIC_CASCADE);
    pic_unmask(PIT_IRQ);
}

/* Waits for an interrupt. None is lost that comes between sti and hlt: sti takes effect after the next instruction. */
static void interrupt_wait(void)
{
    __asm__ __volatile__("sti; hlt; cli" ::: "memory");
}
