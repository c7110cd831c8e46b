/*
 * What bindings that have the CPU to themselves do with it: the thread pointer, barriers between memory accesses that
 * somebody else sees, and the end.
 */

#define MSR_FS_BASE 0xc0000100

static inline void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ __volatile__("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void set_thread_pointer(uintptr_t base)
{
    write_msr(MSR_FS_BASE, base);
}

/* Whether wrmsr takes (base), which must be canonical; otherwise it would trap. */
static inline bool is_thread_pointer(uintptr_t base)
{
    return (uintptr_t)((intptr_t)(base << 16) >> 16) == base;
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
