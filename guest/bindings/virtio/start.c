/*
 * From the loader's hands to the application, in C.
 */

__attribute__((used, noreturn)) static void start(const struct multiboot_info *multiboot)
{
    stack_protector_init();
    set_thread_pointer(0);
    uart_init();
    trap_init();
    start_info.cmdline = options_take(multiboot_cmdline(multiboot));
    mem_size = multiboot_memory(multiboot);
    banner_print();
    interrupt_init();
    attach_devices();
    memory_init(&start_info, mem_size, reserved_size);
    clock_init();
    call_on_stack(mem_size, run_application);
}
