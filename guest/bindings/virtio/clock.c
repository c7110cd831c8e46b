/*
 * The clocks: KVM's where there is one, else the CPU's counter measured by the timer, and the battery-backed clock's
 * time at the start.
 */

static bool has_kvmclock;
static solo5_time_t wall_at_zero; /* of the monotonic clock, without kvmclock */

static void clock_init(void)
{
    pit_init();
    has_kvmclock = kvmclock_init();
    log_at(LOG_INFO, "Solo5: Clock source: %s\n", has_kvmclock ? "KVM paravirtualized clock" : "TSC");
    if (has_kvmclock) return;
    cycle_clock_init(pit_measure_cycles());
    wall_at_zero = cmos_seconds() * NSEC_PER_SEC - cycle_clock_nsecs(cpu_counter());
}

solo5_time_t solo5_clock_monotonic(void)
{
    return has_kvmclock ? kvmclock_monotonic() : cycle_clock_nsecs(cpu_counter());
}

solo5_time_t solo5_clock_wall(void)
{
    return has_kvmclock ? kvmclock_wall() : wall_at_zero + cycle_clock_nsecs(cpu_counter());
}
