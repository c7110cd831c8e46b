/*
 * Both clocks are the kernel's, by real system calls: the vDSO is not there.
 */

#define CLOCK_REALTIME  0
#define CLOCK_MONOTONIC 1

struct timespec {
    int64_t tv_sec;
    int64_t tv_nsec;
};

static solo5_time_t clock_read(int clock)
{
    struct timespec now;
    long result = syscall6(SYS_CLOCK_GETTIME, clock, (long)&now, 0, 0, 0, 0);
    ASSERT(result == 0);
    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

solo5_time_t solo5_clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

solo5_time_t solo5_clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}
