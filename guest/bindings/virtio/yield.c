/*
 * Waiting: the CPU halts until the timer or a network device interrupts.
 */

/* Until (deadline), a frame, or as long as the timer reaches. */
static void wait_until(solo5_time_t deadline, solo5_time_t now)
{
    net_want_interrupts(true);
    /* What came in before that interrupts nobody. */
    if (net_ready() == 0 && pit_arm(deadline - now)) interrupt_wait();
    net_want_interrupts(false);
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    solo5_time_t now;
    solo5_handle_set_t ready;
    while ((ready = net_ready()) == 0 && (now = solo5_clock_monotonic()) < deadline) {
        wait_until(deadline, now);
        if (net_ready() == 0) net_remind();
    }
    if (ready_set != NULL) *ready_set = ready;
}
