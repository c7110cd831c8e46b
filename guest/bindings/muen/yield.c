/*
 * Waiting: nothing wakes a subject, so it looks until a frame is there or the time has come.
 */

static solo5_handle_set_t net_ready(void)
{
    solo5_handle_set_t ready = 0;
    for (solo5_handle_t handle = 1; handle < manifest->entries; handle++) {
        struct net_device *device = net_get(handle);
        if (device != NULL && net_pending(device)) ready |= 1UL << handle;
    }
    return ready;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    solo5_handle_set_t ready;
    console_flush();
    while ((ready = net_ready()) == 0 && solo5_clock_monotonic() < deadline)
        cpu_pause();
    if (ready_set != NULL) *ready_set = ready;
}
