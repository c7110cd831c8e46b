/*
 * A clock that counts the CPU's cycles, once their frequency is known.
 */

/* nanoseconds = (cycles * clock_multiplier) >> clock_shift */
static uint32_t clock_multiplier;
static unsigned clock_shift;

static uint64_t last_cycles;
static solo5_time_t last_nsecs;

/* The product has 96 bits: at 24 MHz the upper ones are needed after 275 s. */
static uint64_t cycles_to_nsecs(uint64_t cycles)
{
    return (uint64_t)((unsigned __int128)cycles * clock_multiplier >> clock_shift);
}

/* The largest shift whose multiplier has 32 bits is the most precise one. */
static void cycle_clock_init(uint64_t cycle_freq)
{
    ASSERT(cycle_freq != 0);
    uint64_t multiplier;
    clock_shift = 33;
    do
        multiplier = (NSEC_PER_SEC << --clock_shift) / cycle_freq;
    while (multiplier > UINT32_MAX);
    clock_multiplier = (uint32_t)multiplier;
}

/* The time when the counter is (now): adds what has passed since the last call, and first counts from the counter's zero. */
static solo5_time_t cycle_clock_nsecs(uint64_t now)
{
    last_nsecs += cycles_to_nsecs(now - last_cycles);
    last_cycles = now;
    return last_nsecs;
}
