/*
 * The clock that Xen began and KVM has too: the host writes into the guest's memory how to turn the CPU's counter into
 * nanoseconds, and the time of day at the start. Sources: the kernel's Documentation/virt/kvm/x86/msr.rst; Xen's public
 * header xen.h.
 */

struct pvclock_time {
    uint32_t version; /* Odd while the host writes; counts its writes. */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time; /* ns at tsc_timestamp */
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t pad1[2];
};

struct pvclock_wall {
    uint32_t version;
    uint32_t sec, nsec; /* when system_time was 0 */
};

_Static_assert(sizeof(struct pvclock_time) == 32, "pvclock_time");
_Static_assert(sizeof(struct pvclock_wall) == 12, "pvclock_wall");

/* Nanoseconds since the host's zero. Read again when the host wrote meanwhile. */
static solo5_time_t pvclock_monotonic(const volatile struct pvclock_time *time)
{
    static solo5_time_t last;
    uint32_t version;
    uint64_t nsecs;
    do {
        version = time->version & ~1U;
        load_barrier();
        uint64_t cycles = cpu_counter() - time->tsc_timestamp;
        cycles = time->tsc_shift < 0 ? cycles >> -time->tsc_shift : cycles << time->tsc_shift;
        nsecs = time->system_time + (uint64_t)((unsigned __int128)cycles * time->tsc_to_system_mul >> 32);
        load_barrier();
    } while (time->version != version);
    if (nsecs > last) last = nsecs; /* The host's parameters may change by a rounding. */
    return last;
}

/* Nanoseconds since 1970 at the host's zero. */
static uint64_t pvclock_start(const volatile struct pvclock_wall *wall)
{
    uint32_t version;
    uint64_t nsecs;
    do {
        version = wall->version & ~1U;
        load_barrier();
        nsecs = wall->sec * NSEC_PER_SEC + wall->nsec;
        load_barrier();
    } while (wall->version != version);
    return nsecs;
}
