/*
 * Waiting: the timer is armed for the deadline, and one epoll call waits for it and for every network device.
 */

#define TFD_TIMER_ABSTIME 1

struct itimerspec {
    struct timespec it_interval;
    struct timespec it_value;
};

static int epollfd, timerfd;
static int max_events; /* Every network device and the timer. */

static void yield_init(const struct spt_boot_info *boot)
{
    epollfd = boot->epollfd;
    timerfd = boot->timerfd;
    max_events = 1;
    for (uint32_t i = 1; i < manifest->entries; i++)
        if (manifest->e[i].type == MFT_DEV_NET_BASIC) max_events++;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    /* A value of 0 would disarm the timer: one nanosecond makes no difference. Arming again also clears it. */
    struct itimerspec until = {
        .it_value = { (int64_t)(deadline / NSEC_PER_SEC), (int64_t)(deadline % NSEC_PER_SEC | 1) },
    };
    long result = syscall6(SYS_TIMERFD_SETTIME, timerfd, TFD_TIMER_ABSTIME, (long)&until, 0, 0, 0);
    ASSERT(result == 0);

    struct epoll_event events[MFT_MAX_ENTRIES];
    do
        result = syscall6(SYS_EPOLL_PWAIT, epollfd, (long)events, max_events, -1, 0, 0);
    while (result == -EINTR);
    ASSERT(result >= 0);

    solo5_handle_set_t ready = 0;
    for (long i = 0; i < result; i++)
        if (events[i].data != SPT_INTERNAL_TIMERFD) ready |= 1UL << events[i].data;
    if (ready_set != NULL) *ready_set = ready;
}
