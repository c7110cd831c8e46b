/*
 * The clocks: time is the start of the current minor frame, and stands still between two of them but for a nanosecond a call,
 * so that no two calls see the same. docs/abi.md 9.
 */

static const volatile struct schedule *schedule(void)
{
    return (const volatile struct schedule *)linker_value((const char *)SCHEDULE_ADDRESS);
}

static const volatile struct time_info *time_info; /* NULL without */
static uint64_t ticks_per_nsec;                    /* rounded up */

/* Without `time_info` time counts from the counter's zero. */
static void clock_init(void)
{
    const struct memory_data *memory = find_memory("time_info", sizeof *time_info);
    if (memory != NULL) {
        time_info = (const volatile struct time_info *)memory->address;
        while (time_info->base == 0)
            cpu_pause();
    } else {
        log_at(LOG_ERROR, "Solo5: error: there is no memory 'time_info': wall time begins at 0\n");
    }
    uint64_t hz = memory != NULL ? time_info->tick_rate_hz : subject_info()->tsc_khz * 1000UL;
    if (hz == 0) FAIL("The counter's frequency is not known");
    ticks_per_nsec = (hz + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
    cycle_clock_init(hz);
}

/* By itself, so that a loop that waits keeps no time in registers: a machine can see then that the loop does nothing else. */
__attribute__((noinline)) solo5_time_t solo5_clock_monotonic(void)
{
    static uint64_t last;
    uint64_t start = schedule()->start;
    last = start > last ? start : last + ticks_per_nsec;
    return cycle_clock_nsecs(last);
}

solo5_time_t solo5_clock_wall(void)
{
    return (time_info != NULL ? time_info->base * 1000 : 0) + solo5_clock_monotonic();
}
