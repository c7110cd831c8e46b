/*
 * Waiting: the domain sleeps until an event of a network device, or the time.
 */

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    solo5_handle_set_t ready;
    for (;;) {
        /* What comes in after the look sets an event again. */
        net_clear_events();
        if ((ready = net_ready()) != 0 || solo5_clock_monotonic() >= deadline) break;
        event_wait(net_ports, net_count, deadline);
    }
    if (ready_set != NULL) *ready_set = ready;
}
