/*
 * Upcalls: Xen interrupts by a vector of the local APIC when an event comes that is not masked. The bindings mask all but
 * the timer's; MirageOS brings a handler and a way to wait of its own. Sources: Intel SDM volume 3, chapter 11; Xen's
 * public header hvm/hvm_op.h.
 */

#define UPCALL_VECTOR       32
#define SPURIOUS_VECTOR     47
#define MSR_APIC_BASE       0x1b
#define APIC_BASE           0xfee00000UL
#define APIC_BASE_ENABLE    (1UL << 11)
#define APIC_EOI            0xb0
#define APIC_SPURIOUS       0xf0
#define APIC_SPURIOUS_ON    (1U << 8)

static volatile uint32_t *apic(unsigned offset)
{
    return (volatile uint32_t *)linker_value((const char *)(APIC_BASE + offset));
}

/* Whether the event was taken care of. */
int solo5__xen_evtchn_vector_handler(void *argument);
__attribute__((weak)) int solo5__xen_evtchn_vector_handler(void *argument)
{
    (void)argument;
    struct vcpu_info *vcpu = &shared_info()->vcpu_info[0];
    __atomic_store_n(&vcpu->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    xen_ulong_t words = __atomic_exchange_n(&vcpu->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (; words != 0; words &= words - 1) {
        unsigned word = (unsigned)__builtin_ctzl(words);
        xen_ulong_t unmasked = ~__atomic_load_n(&shared_info()->evtchn_mask[word], __ATOMIC_SEQ_CST);
        __atomic_fetch_and(&shared_info()->evtchn_pending[word], ~unmasked, __ATOMIC_SEQ_CST);
    }
    return 1;
}

__attribute__((used)) static void upcall(void)
{
    if (solo5__xen_evtchn_vector_handler(NULL)) *apic(APIC_EOI) = 0;
}

/* What C may change is kept, and told to debuggers where; flags and stack are the CPU's business. */
extern const char upcall_stub[] __attribute__((visibility("hidden")));
extern const char spurious_stub[] __attribute__((visibility("hidden")));
__asm__(".pushsection .text.irq, \"ax\", @progbits\n"
        ".balign 16\n"
        "upcall_stub:\n"
        ".cfi_startproc simple\n"
        ".cfi_signal_frame\n"
        ".cfi_def_cfa rsp, 40\n"
        ".cfi_offset rip, -40\n"
        ".cfi_offset rsp, -16\n"
        "  cld\n"
        ".irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11\n"
        "  pushq %\\register\n"
        "  .cfi_adjust_cfa_offset 8\n"
        "  .cfi_rel_offset \\register, 0\n"
        ".endr\n"
        "  call upcall\n"
        ".irp register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax\n"
        "  popq %\\register\n"
        "  .cfi_adjust_cfa_offset -8\n"
        "  .cfi_same_value \\register\n"
        ".endr\n"
        "spurious_stub:\n"
        "  iretq\n"
        ".cfi_endproc\n"
        ".popsection\n");

__attribute__((cold, noinline)) static void interrupt_init(void)
{
    idt[UPCALL_VECTOR] = trap_gate((uintptr_t)upcall_stub, IST_INTERRUPT);
    idt[SPURIOUS_VECTOR] = trap_gate((uintptr_t)spurious_stub, IST_INTERRUPT);
    write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
    *apic(APIC_SPURIOUS) |= APIC_SPURIOUS_ON | SPURIOUS_VECTOR;
    xen_hvm_evtchn_upcall_vector_t upcalls = { .vcpu = 0, .vector = UPCALL_VECTOR };
    if (hvm_op(HVMOP_set_evtchn_upcall_vector, &upcalls) != 0 || !hvm_set(HVM_PARAM_CALLBACK_IRQ, 1))
        FAIL("Xen takes no vector for events");

    /* For set_timer_op, which MirageOS uses, as xenstore's page. */
    uint64_t page;
    if (hvm_get(HVM_PARAM_STORE_PFN, &page)) map_page(page);
    evtchn_bind_virq_t timer = { .virq = VIRQ_TIMER, .vcpu = 0 };
    if (event_channel_op(EVTCHNOP_bind_virq, &timer) != 0) FAIL("Xen has no timer");
    evtchn_unmask_t unmask = { .port = timer.port };
    event_channel_op(EVTCHNOP_unmask, &unmask);
    __asm__ __volatile__("sti" ::: "memory");
}
