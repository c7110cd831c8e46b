/*
 * Linux system calls on aarch64. The tender's filter kills the process for any other, or for other arguments.
 */

#define SYS_EPOLL_PWAIT     22
#define SYS_READ            63
#define SYS_WRITE           64
#define SYS_PREAD64         67
#define SYS_PWRITE64        68
#define SYS_TIMERFD_SETTIME 86
#define SYS_EXIT_GROUP      94
#define SYS_CLOCK_GETTIME   113

struct epoll_event {
    uint32_t events;
    uint64_t data;
};

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ __volatile__("svc 0"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                         : "memory");
    return x0;
}

static inline long set_thread_pointer(uintptr_t base)
{
    __asm__ __volatile__("msr tpidr_el0, %0" : : "r"(base));
    return 0;
}
