/*
 * The few instructions of aarch64 that C has no words for.
 */

/* The virtual counter. */
static inline uint64_t cpu_counter(void)
{
    uint64_t count;
    __asm__ __volatile__("isb; mrs %0, cntvct_el0" : "=r"(count)::"memory");
    return count;
}
