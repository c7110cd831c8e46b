/*
 * What the hvt bindings do to the machine, on aarch64.
 */

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

static inline void cpu_pause(void)
{
    __asm__ __volatile__("yield" ::: "memory");
}

/* Nothing comes after this. */
static inline void cpu_halt(void)
{
    __asm__ __volatile__("wfi" ::: "memory");
}
