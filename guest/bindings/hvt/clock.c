/*
 * The monotonic clock counts the CPU's cycles, whose frequency the tender tells; wall time is the tender's.
 */

solo5_time_t solo5_clock_monotonic(void)
{
    return cycle_clock_nsecs(cpu_counter());
}

solo5_time_t solo5_clock_wall(void)
{
    struct hvt_hc_walltime call;
    hvt_do_hypercall(HVT_HYPERCALL_WALLTIME, &call);
    return call.nsecs;
}
