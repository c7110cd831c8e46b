/*
 * What a unikernel prints first.
 */

static void banner_print(void)
{
    log_at(LOG_INFO, "   .------.  .---.\n");
    log_at(LOG_INFO, "   | solo |--| 5 |\n");
    log_at(LOG_INFO, "   '------'  '---'\n");
    log_at(LOG_INFO, "\n");
    log_at(LOG_INFO, "Solo5: Bindings version %s\n", SOLO5_VERSION);
}
