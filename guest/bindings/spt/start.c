/*
 * Entry: an ordinary function, since the tender sets the stack up as a call would.
 */

void _start(const struct spt_boot_info *boot) __attribute__((noreturn));

void _start(const struct spt_boot_info *boot)
{
    static struct solo5_start_info info;

    stack_protector_init();
    set_thread_pointer(0); /* It may be the tender's. */
    manifest = boot->mft;
    info.cmdline = options_take(boot->cmdline);
    banner_print();
    memory_init(&info, boot->mem_size, 0);
    yield_init(boot);
    solo5_exit(solo5_app_main(&info));
}
