/*
 * The end of the domain. Its reason is all that Xen is told: a crash where the unikernel aborts.
 *
 * The third argument and those behind it are nobody's for this hypercall: there a machine that looks finds the status and
 * the cookie.
 */

#define EXIT_TOLD 0x00356f6c6f73UL /* "solo5" */

static void platform_exit(int status, void *cookie)
{
    sched_shutdown_t shutdown = { .reason = status == SOLO5_EXIT_ABORT ? SHUTDOWN_crash : SHUTDOWN_poweroff };
    /* What the ring still holds would be lost. */
    if (console != NULL) console_drain(0);
    register uint64_t fourth __asm__("r10") = (uint64_t)status;
    register uint64_t fifth __asm__("r8") = (uintptr_t)cookie;
    __asm__ __volatile__("call solo5__xen_HYPERCALL_PAGE + 32 * %c[nr]"
                         :
                         : [nr] "i"(__HYPERVISOR_sched_op), "D"((uint64_t)SCHEDOP_shutdown), "S"(&shutdown), "d"(EXIT_TOLD),
                           "r"(fourth), "r"(fifth)
                         : "rax", "rcx", "r9", "r11", "cc", "memory");
    for (;;)
        cpu_halt();
}
