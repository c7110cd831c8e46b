/*
 * Channel 0 of the programmable interval timer: an interrupt (IRQ 0) after a while, and a time to measure the CPU's
 * counter by. Source: Intel 8254 data sheet.
 */

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
#define PIT_LATCH    0x00 /* for channel 0 */
#define PIT_ONE_SHOT 0x30 /* channel 0, both bytes, mode 0: an interrupt when the count ends */
#define PIT_FREQ     1193182UL
#define PIT_MAX      65535UL
#define PIT_IRQ      0

/* Shorter waits are not worth an interrupt. */
#define PIT_MIN 16UL

static void pit_set(unsigned long ticks)
{
    out8(PIT_CHANNEL0, (uint8_t)ticks);
    out8(PIT_CHANNEL0, (uint8_t)(ticks >> 8));
}

/* Sets the timer to (nsecs) from now, or as far as it reaches. Returns false if that is too near. */
static bool pit_arm(uint64_t nsecs)
{
    unsigned long ticks = PIT_MAX;
    if (nsecs < PIT_MAX * (NSEC_PER_SEC / PIT_FREQ)) ticks = nsecs * PIT_FREQ / NSEC_PER_SEC;
    if (ticks < PIT_MIN) return false;
    pit_set(ticks);
    return true;
}

static void pit_init(void)
{
    out8(PIT_COMMAND, PIT_ONE_SHOT);
}

/* A reading of both counters at one moment. */
struct pit_sample {
    unsigned long ticks; /* left */
    uint64_t cycles;
};

/* Something may come between the two readings: the closest pair of several is taken. */
static struct pit_sample pit_sample(void)
{
    struct pit_sample best = { 0, 0 };
    uint64_t best_gap = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        uint64_t before = cpu_counter();
        out8(PIT_COMMAND, PIT_LATCH);
        uint64_t gap = cpu_counter() - before;
        unsigned long ticks = in8(PIT_CHANNEL0);
        ticks |= (unsigned long)in8(PIT_CHANNEL0) << 8;
        if (gap >= best_gap) continue;
        best = (struct pit_sample){ ticks, before + gap / 2 };
        best_gap = gap;
    }
    return best;
}

/* Cycles per second, by 25 ms. The count goes on below 0: an elapsed time is one modulo 55 ms. */
static uint64_t pit_sample_frequency(void)
{
    struct pit_sample start = pit_sample(), now;
    uint16_t elapsed;
    do {
        now = pit_sample();
        elapsed = (uint16_t)(start.ticks - now.ticks);
    } while (elapsed < PIT_FREQ / 40);
    return (now.cycles - start.cycles) * PIT_FREQ / elapsed;
}

/* The same, by two in a row that agree: where the host lets the machine wait for long, one is far off. */
static uint64_t pit_measure_cycles(void)
{
    pit_set(PIT_MAX);
    uint64_t before, frequency = 0;
    do {
        before = frequency;
        frequency = pit_sample_frequency();
    } while (before + before / 256 < frequency || frequency + frequency / 256 < before);
    return before / 2 + frequency / 2;
}
