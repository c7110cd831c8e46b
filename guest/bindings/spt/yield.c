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
static solo5_time_t armed_deadline; /* As it was armed for, so odd; 0 before the first time. */

/*
 * Looking a few times before going to sleep: when frames follow one another within microseconds, on another core, a
 * sleep and its wake-up cost many times the work. Where looking does not help, it is not tried again for a while, and
 * for longer each time: an idle unikernel takes no CPU.
 */
#define LOOKS_MAX  256
#define PAUSE_MAX  512
static unsigned pause_length = 1, pause_left;

static void yield_init(const struct spt_boot_info *boot)
{
    epollfd = boot->epollfd;
    timerfd = boot->timerfd;
    max_events = 1;
    for (uint32_t i = 1; i < manifest->entries; i++)
        if (manifest->e[i].type == MFT_DEV_NET_BASIC) max_events++;
}

static long wait_for(struct epoll_event *events, int timeout_msecs)
{
    long result;
    do
        result = syscall6(SYS_EPOLL_PWAIT, epollfd, (long)events, max_events, timeout_msecs, 0, 0);
    while (result == -EINTR);
    ASSERT(result >= 0);
    return result;
}

static long look_then_sleep(struct epoll_event *events)
{
    if (pause_left > 0) {
        pause_left--;
        return wait_for(events, -1);
    }
    for (int look = 0; look < LOOKS_MAX; look++) {
        long result = wait_for(events, 0);
        if (result == 0) continue;
        pause_length = 1;
        return result;
    }
    pause_left = pause_length;
    if (pause_length < PAUSE_MAX) pause_length *= 2;
    return wait_for(events, -1);
}

/* Arming again clears a timer that has run out; the same deadline once more would run out again at once. */
static void arm(solo5_time_t deadline)
{
    deadline |= 1; /* A value of 0 would disarm the timer, and one nanosecond makes no difference. */
    if (deadline == armed_deadline) return;
    struct itimerspec until = {
        .it_value = { (int64_t)(deadline / NSEC_PER_SEC), (int64_t)(deadline % NSEC_PER_SEC) },
    };
    long result = syscall6(SYS_TIMERFD_SETTIME, timerfd, TFD_TIMER_ABSTIME, (long)&until, 0, 0, 0);
    ASSERT(result == 0);
    armed_deadline = deadline;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    struct epoll_event events[MFT_MAX_ENTRIES];
    arm(deadline);
    long count = look_then_sleep(events);
    solo5_handle_set_t ready = 0;
    for (long i = 0; i < count; i++)
        if (events[i].data != SPT_INTERNAL_TIMERFD) ready |= 1UL << events[i].data;
    if (ready_set != NULL) *ready_set = ready;
}
