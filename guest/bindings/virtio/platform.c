/*
 * The end of the machine: QEMU's debug exit, which test suites give it, else power off, else a halted CPU.
 *
 * QEMU's status is twice what is written and 1, of which 8 bits count: 83, which nothing else gives. Bit 7 and the upper
 * byte do not: the one says that the other is the unikernel's status, for a machine that can use it. RCX is the cookie.
 */

#define DEBUG_EXIT_PORT  0x501
#define DEBUG_EXIT_VALUE 0xa9

static void platform_exit(int status, void *cookie)
{
    uint16_t value = (uint16_t)((unsigned)status << 8 | DEBUG_EXIT_VALUE);
    __asm__ __volatile__("outw %0, %1" : : "a"(value), "d"((uint16_t)DEBUG_EXIT_PORT), "c"(cookie) : "memory");
    acpi_power_off();
    log_at(LOG_INFO, "Solo5: Halted\n");
    for (;;)
        cpu_halt();
}
