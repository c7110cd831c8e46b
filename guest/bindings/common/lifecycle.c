/*
 * The end of a unikernel, as it asks for it.
 */

void solo5_exit(int status)
{
    log_at(LOG_INFO, "Solo5: solo5_exit(%d) called\n", status);
    platform_exit(status, NULL);
}

void solo5_abort(void)
{
    log_at(LOG_INFO, "Solo5: solo5_abort() called\n");
    platform_exit(SOLO5_EXIT_ABORT, NULL);
}
