/*
 * The end of the machine: QEMU's debug exit, which test suites give it, else power off, else a halted CPU.
 */

#define DEBUG_EXIT_PORT  0x501
#define DEBUG_EXIT_VALUE 41 /* QEMU's status is twice that and 1: 83, which nothing else gives. */

static void platform_exit(int status, void *cookie)
{
    (void)status, (void)cookie; /* There is nobody to tell. */
    out16(DEBUG_EXIT_PORT, DEBUG_EXIT_VALUE);
    acpi_power_off();
    log_at(LOG_INFO, "Solo5: Halted\n");
    for (;;)
        cpu_halt();
}
