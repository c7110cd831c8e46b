/*
 * Messages of the bindings on the console, and what ends a unikernel that cannot go on.
 */

static enum log_level log_level = LOG_INFO;

static void log_at(enum log_level level, const char *format, ...)
{
    if (level > log_level) return;
    char line[256];
    va_list args;
    va_start(args, format);
    solo5_console_write(line, format_text(line, sizeof line, format, args));
    va_end(args);
}

static void fail(const char *file, int line, const char *text)
{
    log_at(LOG_ALWAYS, "Solo5: ABORT: %s:%d: %s\n", file, line, text);
    platform_exit(SOLO5_EXIT_ABORT, NULL);
}
