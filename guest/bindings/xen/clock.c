/*
 * The clocks: how to read them stands in the page that is shared with the hypervisor.
 */

solo5_time_t solo5_clock_monotonic(void)
{
    return pvclock_monotonic((const volatile struct pvclock_time *)&shared_info()->vcpu_info[0].time);
}

solo5_time_t solo5_clock_wall(void)
{
    return pvclock_start((const volatile struct pvclock_wall *)&shared_info()->wc_version) + solo5_clock_monotonic();
}

_Static_assert(sizeof(struct vcpu_time_info) == sizeof(struct pvclock_time), "vcpu_time_info");
