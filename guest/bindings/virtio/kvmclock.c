/*
 * KVM's paravirtual clock: the host writes into the guest's memory how to turn the CPU's counter into nanoseconds, and
 * the time of day at the start. Source: the kernel's Documentation/virt/kvm/x86/{cpuid,msr}.rst.
 */

#define CPUID_HYPERVISOR_BIT (1U << 31) /* ecx of leaf 1 */
#define CPUID_KVM_SIGNATURE  0x40000000
#define CPUID_KVM_FEATURES   0x40000001
#define KVM_CLOCK_OLD        (1 << 0)
#define KVM_CLOCK            (1 << 3)
#define KVM_CLOCK_ENABLE     1

static volatile struct pvclock_time kvm_time __attribute__((aligned(32)));
static volatile struct pvclock_wall kvm_wall_clock __attribute__((aligned(16)));
static uint32_t kvm_wall_clock_msr;

/* Starts the clock if the host has one. */
static bool kvmclock_init(void)
{
    if ((cpuid(1).ecx & CPUID_HYPERVISOR_BIT) == 0) return false;
    struct cpuid signature = cpuid(CPUID_KVM_SIGNATURE);
    if (signature.ebx != 0x4b4d564b || signature.ecx != 0x564b4d56 || signature.edx != 0x4d) return false; /* KVMKVMKVM */
    uint32_t features = cpuid(CPUID_KVM_FEATURES).eax;
    if ((features & (KVM_CLOCK | KVM_CLOCK_OLD)) == 0) return false;
    bool is_old = (features & KVM_CLOCK) == 0;
    kvm_wall_clock_msr = is_old ? 0x11 : 0x4b564d00;
    write_msr(is_old ? 0x12 : 0x4b564d01, (uintptr_t)&kvm_time | KVM_CLOCK_ENABLE);
    return true;
}

static solo5_time_t kvmclock_monotonic(void)
{
    return pvclock_monotonic(&kvm_time);
}

/* The host writes the time of the start anew each time it is asked, so that its corrections are seen. */
static solo5_time_t kvmclock_wall(void)
{
    write_msr(kvm_wall_clock_msr, (uintptr_t)&kvm_wall_clock);
    return pvclock_start(&kvm_wall_clock) + kvmclock_monotonic();
}
