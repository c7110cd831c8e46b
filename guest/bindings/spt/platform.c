/*
 * Console and end of a Linux process.
 */

#define EAGAIN 11
#define EINTR  4

/* Standard output, the only descriptor of its kind that the filter allows. */
#define CONSOLE_FD 1

/* A short write goes on where it stopped; anything else that fails loses the rest. */
void solo5_console_write(const char *buf, size_t size)
{
    while (size > 0) {
        long written = syscall6(SYS_WRITE, CONSOLE_FD, (long)buf, (long)size, 0, 0, 0);
        if (written == -EINTR) continue;
        if (written <= 0) return;
        buf += written;
        size -= (size_t)written;
    }
}

static void platform_exit(int status, void *cookie)
{
    (void)cookie;
    for (;;)
        syscall6(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
}
