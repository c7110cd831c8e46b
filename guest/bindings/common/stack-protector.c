/*
 * The stack protector's guard, a global as -mstack-protector-guard=global has it, and what a smashed stack ends in.
 */

uintptr_t __stack_chk_guard = 0x00deadbeef0d0a00;
void __stack_chk_fail(void) __attribute__((noreturn));

/* Only for functions that never return: a guarded frame would find its guard changed. Byte 1 is NUL, so that no
 * string can hold the guard. */
static inline __attribute__((always_inline)) void stack_protector_init(void)
{
    uint64_t low = cpu_counter();
    __stack_chk_guard = (low + (cpu_counter() << 32)) & ~(uintptr_t)0xff00;
}

void __stack_chk_fail(void)
{
    log_at(LOG_ALWAYS, "Solo5: ABORT: Stack corruption detected\n");
    platform_exit(SOLO5_EXIT_ABORT, NULL);
}
