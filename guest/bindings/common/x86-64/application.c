/*
 * The application's first call, where the bindings have begun on a stack of their own.
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
