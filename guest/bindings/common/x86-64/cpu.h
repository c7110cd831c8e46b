/*
 * The few instructions of x86-64 that C has no words for.
 */

/* The time-stamp counter. */
static inline uint64_t cpu_counter(void)
{
    uint32_t low, high;
    __asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}
