/*
 * From the loader's hands to the application, in C.
 */

/* By the serial port, where a machine without Xen may have one. */
__attribute__((noreturn)) static void no_xen(void)
{
    for (const char *p = "Solo5: ABORT: There is no Xen here: a unikernel for the xen target runs on nothing else\r\n"; *p != '\0'; p++)
        __asm__ __volatile__("outb %0, %1" : : "a"(*p), "d"((uint16_t)0x3f8));
    for (;;)
        cpu_halt();
}

__attribute__((used, noreturn)) static void start(const void *info)
{
    stack_protector_init();
    set_thread_pointer(0);
    const char *cmdline = machine_cmdline(info);
    if (!hypercall_init()) no_xen();
    mem_size = machine_memory();
    page_tables_init(mem_size);
    console_init();
    trap_init();
    start_info.cmdline = options_take(cmdline);
    banner_print();
    event_init();
    attach_devices();
    memory_init(&start_info, mem_size, reserved_size);
    interrupt_init();
    call_on_stack(mem_size, run_application);
}
