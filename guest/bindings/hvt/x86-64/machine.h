/*
 * What the hvt bindings do to the machine, on x86-64.
 */

#define RING_KICK_PORT 0x600

#define MSR_FS_BASE 0xc0000100

static inline void set_thread_pointer(uintptr_t base)
{
    __asm__ __volatile__("wrmsr" : : "c"(MSR_FS_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)));
}

/* Whether wrmsr takes (base), which must be canonical; otherwise it would trap. */
static inline bool is_thread_pointer(uintptr_t base)
{
    return (uintptr_t)((intptr_t)(base << 16) >> 16) == base;
}

/* Wakes the tender's side of the ring. */
static inline void ring_kick(void)
{
    __asm__ __volatile__("outl %0, %1" : : "a"(0), "d"((uint16_t)RING_KICK_PORT) : "memory");
}

static inline void cpu_pause(void)
{
    __asm__ __volatile__("pause" ::: "memory");
}

/* Stores before it are seen before loads after it are done. */
static inline void full_barrier(void)
{
    __asm__ __volatile__("mfence" ::: "memory");
}

/* Stores before it are seen before stores after it, as this CPU has it anyway. */
static inline void store_barrier(void)
{
    __asm__ __volatile__("" ::: "memory");
}

/* Loads before it are done before loads and stores after it, as this CPU has it anyway. */
static inline void load_barrier(void)
{
    __asm__ __volatile__("" ::: "memory");
}

/* Nothing comes after this. */
static inline void cpu_halt(void)
{
    __asm__ __volatile__("cli; hlt" ::: "memory");
}
