/*
 * Linux system calls on x86-64. The tender's filter kills the process for any other, or for other arguments.
 */

#define SYS_READ            0
#define SYS_WRITE           1
#define SYS_PREAD64         17
#define SYS_PWRITE64        18
#define SYS_ARCH_PRCTL      158
#define SYS_CLOCK_GETTIME   228
#define SYS_EXIT_GROUP      231
#define SYS_EPOLL_PWAIT     281
#define SYS_TIMERFD_SETTIME 286

#define ARCH_SET_FS 0x1002

/* The kernel packs it on this ISA only. */
struct epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ __volatile__("syscall"
                         : "=a"(result)
                         : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
    return result;
}

static inline long set_thread_pointer(uintptr_t base)
{
    return syscall6(SYS_ARCH_PRCTL, ARCH_SET_FS, (long)base, 0, 0, 0, 0);
}
