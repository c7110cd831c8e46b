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

struct kvm_time {
    uint32_t version; /* Odd while the host writes; counts its writes. */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time; /* ns at tsc_timestamp */
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t pad1[2];
};

struct kvm_wall_clock {
    uint32_t version;
    uint32_t sec, nsec; /* when system_time was 0 */
};

_Static_assert(sizeof(struct kvm_time) == 32, "kvm_time");
_Static_assert(sizeof(struct kvm_wall_clock) == 12, "kvm_wall_clock");

static volatile struct kvm_time kvm_time __attribute__((aligned(32)));
static volatile struct kvm_wall_clock kvm_wall_clock __attribute__((aligned(16)));
static uint32_t kvm_wall_clock_msr;

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static struct cpuid cpuid(uint32_t leaf)
{
    struct cpuid r;
    __asm__ __volatile__("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
    return r;
}

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

/* Nanoseconds since the host's zero. Read again when the host wrote meanwhile. */
static solo5_time_t kvmclock_monotonic(void)
{
    static solo5_time_t last;
    uint32_t version;
    uint64_t nsecs;
    do {
        version = kvm_time.version & ~1U;
        load_barrier();
        uint64_t cycles = cpu_counter() - kvm_time.tsc_timestamp;
        cycles = kvm_time.tsc_shift < 0 ? cycles >> -kvm_time.tsc_shift : cycles << kvm_time.tsc_shift;
        nsecs = kvm_time.system_time + (uint64_t)((unsigned __int128)cycles * kvm_time.tsc_to_system_mul >> 32);
        load_barrier();
    } while (kvm_time.version != version);
    if (nsecs > last) last = nsecs; /* The host's parameters may change by a rounding. */
    return last;
}

/* The host writes the time of the start anew each time it is asked, so that its corrections are seen. */
static solo5_time_t kvmclock_wall(void)
{
    uint32_t version;
    uint64_t nsecs;
    write_msr(kvm_wall_clock_msr, (uintptr_t)&kvm_wall_clock);
    do {
        version = kvm_wall_clock.version & ~1U;
        load_barrier();
        nsecs = kvm_wall_clock.sec * NSEC_PER_SEC + kvm_wall_clock.nsec;
        load_barrier();
    } while (kvm_wall_clock.version != version);
    return nsecs + kvmclock_monotonic();
}
