/*
 * Console and end of the virtual machine.
 */

void solo5_console_write(const char *buf, size_t size)
{
    struct hvt_hc_puts call = { .data = buf, .len = size };
    hvt_do_hypercall(HVT_HYPERCALL_PUTS, &call);
}

static void platform_exit(int status, void *cookie)
{
    struct hvt_hc_halt call = { .cookie = cookie, .exit_status = status };
    hvt_do_hypercall(HVT_HYPERCALL_HALT, &call);
    for (;;)
        cpu_halt();
}
