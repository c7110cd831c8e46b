/*
 * Waiting is the tender's: it is told how long, and tells which devices have something.
 */

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    solo5_time_t now = solo5_clock_monotonic();
    struct hvt_hc_poll call = { .timeout_nsecs = deadline > now ? deadline - now : 0 };
    hvt_do_hypercall(HVT_HYPERCALL_POLL, &call);
    if (ready_set != NULL) *ready_set = call.ready_set;
}
