/*
 * Hypercalls: calls of stubs in a page of the image that the hypervisor fills. Source: Xen's public headers xen.h and
 * arch-x86/cpuid.h.
 */

#define RETURN 0xc3

/* MirageOS calls the stubs as well. */
extern const volatile uint8_t solo5__xen_HYPERCALL_PAGE[];
__asm__(".pushsection .text.hypercall, \"ax\", @progbits\n"
        ".balign 4096\n"
        ".globl solo5__xen_HYPERCALL_PAGE\n"
        ".type solo5__xen_HYPERCALL_PAGE, @object\n"
        ".size solo5__xen_HYPERCALL_PAGE, 4096\n"
        "solo5__xen_HYPERCALL_PAGE:\n"
        "  .fill 4096, 1, 0xc3\n"
        ".popsection\n");

/* 0 and more, or the negative of an error. Debug builds of Xen change the registers of the arguments. */
#define HYPERCALL(number, first, second, third)                                                                        \
    ({                                                                                                                 \
        long result_;                                                                                                  \
        uint64_t first_ = (uint64_t)(first), second_ = (uint64_t)(second), third_ = (uint64_t)(third);                 \
        __asm__ __volatile__("call solo5__xen_HYPERCALL_PAGE + 32 * %c[nr]"                                            \
                             : "=a"(result_), "+D"(first_), "+S"(second_), "+d"(third_)                                \
                             : [nr] "i"(number)                                                                        \
                             : "rcx", "r8", "r9", "r10", "r11", "cc", "memory");                                       \
        result_;                                                                                                       \
    })

static long sched_op(unsigned operation, void *argument)
{
    return HYPERCALL(__HYPERVISOR_sched_op, operation, argument, 0);
}

static long memory_op(unsigned operation, void *argument)
{
    return HYPERCALL(__HYPERVISOR_memory_op, operation, argument, 0);
}

static long event_channel_op(unsigned operation, void *argument)
{
    return HYPERCALL(__HYPERVISOR_event_channel_op, operation, argument, 0);
}

static long hvm_op(unsigned operation, void *argument)
{
    return HYPERCALL(__HYPERVISOR_hvm_op, operation, argument, 0);
}

/* The first leaf of Xen's, 0 where there is no Xen. */
static uint32_t xen_leaf(void)
{
    for (uint32_t leaf = XEN_CPUID_FIRST_LEAF; leaf < XEN_CPUID_FIRST_LEAF + 0x10000; leaf += 0x100) {
        struct cpuid signature = cpuid(leaf);
        if (signature.ebx == XEN_CPUID_SIGNATURE_EBX && signature.ecx == XEN_CPUID_SIGNATURE_ECX &&
            signature.edx == XEN_CPUID_SIGNATURE_EDX && signature.eax - leaf >= 2)
            return leaf;
    }
    return 0;
}

/* Whether there is a hypervisor, which then has filled the page. */
static bool hypercall_init(void)
{
    uint32_t leaf = xen_leaf();
    if (leaf == 0) return false;
    write_msr(cpuid(leaf + 2).ebx, (uintptr_t)solo5__xen_HYPERCALL_PAGE);
    return solo5__xen_HYPERCALL_PAGE[0] != RETURN;
}

__attribute__((noinline)) static bool hvm_get(uint32_t index, uint64_t *value)
{
    xen_hvm_param_t param = { .domid = DOMID_SELF, .index = index };
    if (hvm_op(HVMOP_get_param, &param) != 0) return false;
    *value = param.value;
    return true;
}

static bool hvm_set(uint32_t index, uint64_t value)
{
    xen_hvm_param_t param = { .domid = DOMID_SELF, .index = index, .value = value };
    return hvm_op(HVMOP_set_param, &param) == 0;
}

/* Puts a page of the hypervisor's in the place of one of the guest's. */
__attribute__((noinline)) static bool add_to_physmap(unsigned space, xen_ulong_t index, const void *page)
{
    xen_add_to_physmap_t add = {
        .domid = DOMID_SELF, .space = space, .idx = index, .gpfn = (uintptr_t)page / PAGE_SIZE
    };
    return memory_op(XENMEM_add_to_physmap, &add) == 0;
}
