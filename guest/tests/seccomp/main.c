/*
 * seccomp: a system call that the tender does not allow ends the process (spt only).
 */
#include "test.h"

/* getpid(2): harmless, and needed by no binding. */
static long forbidden_call(void)
{
#if defined(__x86_64__)
    long result;
    __asm__ __volatile__("syscall" : "=a"(result) : "a"(39L) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long nr __asm__("x8") = 172;
    register long result __asm__("x0");
    __asm__ __volatile__("svc 0" : "=r"(result) : "r"(nr) : "memory");
    return result;
#endif
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_seccomp");
    forbidden_call();
    return failure("the call came back");
}
