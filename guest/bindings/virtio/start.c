/*
 * From the loader's hands to the application, in C.
 */

static struct solo5_start_info start_info;

/* The outermost frame of its stack. */
__attribute__((noreturn)) static void run_application(void)
{
    __asm__ __volatile__(".cfi_undefined rip");
    solo5_exit(solo5_app_main(&start_info));
}

/* The application's stack grows down from the end of memory. */
__attribute__((noreturn)) static void call_on_stack(uintptr_t top, void (*function)(void))
{
    __asm__ __volatile__("movq %0, %%rsp; call *%1" : : "r"(top), "r"(function) : "memory");
    __builtin_unreachable();
}

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
