/*
 * The command line of a loader's.
 */

#define CMDLINE_SIZE 8192

/* A copy, since the original may lie in what becomes the heap. */
static const char *cmdline_copy(const char *from)
{
    static char cmdline[CMDLINE_SIZE];
    for (size_t size = 0; from[size] != '\0'; size++) {
        if (size == CMDLINE_SIZE - 1) {
            log_at(LOG_WARN, "Solo5: warning: command line too long, cut to %d characters\n", CMDLINE_SIZE - 1);
            break;
        }
        cmdline[size] = from[size];
    }
    return cmdline;
}
