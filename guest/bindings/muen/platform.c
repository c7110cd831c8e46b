/*
 * The end of the subject: the event `solo5_exit` where the policy has one, which may start it anew, then a halted CPU.
 */

#define EXIT_TOLD 0x00356f6c6f73UL /* "solo5" */

/* Only the log tells the status, and, to a machine that looks, these registers. */
static void platform_exit(int status, void *cookie)
{
    log_at(LOG_INFO, "Solo5: Halted\n");
    console_flush();
    const struct resource *event = find_resource(RESOURCE_EVENT, "solo5_exit");
    if (event != NULL) __asm__ __volatile__("vmcall"
                                               :
                                               : "a"((uint64_t)event->data.number), "D"(EXIT_TOLD), "S"((uint64_t)status),
                                                 "d"(cookie)
                                               : "memory");
    for (;;)
        cpu_halt();
}
