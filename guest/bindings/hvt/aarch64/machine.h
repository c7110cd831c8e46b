/*
 * What the hvt bindings do to the machine, on aarch64.
 */

#define RING_KICK_ADDRESS (HVT_HYPERCALL_MMIO_BASE + 0x100)

static inline void set_thread_pointer(uintptr_t base)
{
    __asm__ __volatile__("msr tpidr_el0, %0" : : "r"(base));
}

/* Whether the register takes (base): any. */
static inline bool is_thread_pointer(uintptr_t base)
{
    (void)base;
    return true;
}

/* Wakes the tender's side of the ring. */
static inline void ring_kick(void)
{
    __asm__ __volatile__("str wzr, [%0]" : : "r"(RING_KICK_ADDRESS) : "memory");
}

static inline void cpu_pause(void)
{
    __asm__ __volatile__("yield" ::: "memory");
}

/* Stores before it are seen before loads after it are done. */
static inline void full_barrier(void)
{
    __asm__ __volatile__("dmb ish" ::: "memory");
}

/* Stores before it are seen before stores after it. */
static inline void store_barrier(void)
{
    __asm__ __volatile__("dmb ishst" ::: "memory");
}

/* Loads before it are done before loads and stores after it. */
static inline void load_barrier(void)
{
    __asm__ __volatile__("dmb ishld" ::: "memory");
}

/* Nothing comes after this. */
static inline void cpu_halt(void)
{
    __asm__ __volatile__("wfi" ::: "memory");
}
