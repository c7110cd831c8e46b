/*
 * The system calls that musl makes in functions of their own: console, clocks, memory, the end. There are no files, no
 * signals and no second thread.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "libc.h"
#include "solo5.h"

/* What code built for glibc calls where files may be large; on x86-64 they are the same. */
#define LARGE(name) extern __typeof__(name) name##64 __attribute__((alias(#name)))

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* ---- Descriptors: 0 is at its end, 1 and 2 are the console ---- */

ssize_t write(int fd, const void *data, size_t size)
{
    if (fd != 1 && fd != 2) return refuse(EBADF);
    for (size_t done = 0; done < size;) {
        size_t part = size - done < 4096 ? size - done : 4096;
        solo5_console_write((const char *)data + done, part);
        done += part;
    }
    return (ssize_t)size;
}

ssize_t read(int fd, void *data, size_t size)
{
    (void)data, (void)size;
    return fd == 0 ? 0 : refuse(EBADF);
}

off_t lseek(int fd, off_t offset, int whence)
{
    (void)fd, (void)offset, (void)whence;
    return refuse(ESPIPE);
}
LARGE(lseek);

int open(const char *path, int flags, ...)
{
    (void)path, (void)flags;
    return refuse(ENOENT);
}
LARGE(open);

int close(int fd)
{
    return fd <= 2 ? 0 : refuse(EBADF);
}

int fcntl(int fd, int command, ...)
{
    (void)fd, (void)command;
    return refuse(EBADF);
}
LARGE(fcntl);

int isatty(int fd)
{
    (void)fd;
    return refuse(ENOTTY) + 1;
}

int fstat(int fd, struct stat *status)
{
    if (fd > 2) return refuse(EBADF);
    memset(status, 0, sizeof *status);
    status->st_mode = S_IFIFO | 0600;
    return 0;
}
LARGE(fstat);

int stat(const char *path, struct stat *status)
{
    (void)path, (void)status;
    return refuse(ENOENT);
}
LARGE(stat);

ssize_t readlink(const char *path, char *to, size_t size)
{
    (void)path, (void)to, (void)size;
    return refuse(ENOENT);
}

char *getcwd(char *path, size_t size)
{
    if (path == NULL || size < 2) return NULL;
    return strcpy(path, "/");
}

/* musl's own names for what its streams do; the fields of FILE are its. */
struct stream {
    unsigned flags;
    unsigned char *rpos, *rend;
    int (*close)(struct stream *);
    unsigned char *wend, *wpos, *unused, *wbase;
    size_t (*read)(struct stream *, unsigned char *, size_t);
    size_t (*write)(struct stream *, const unsigned char *, size_t);
    off_t (*seek)(struct stream *, off_t, int);
    unsigned char *buf;
    size_t buf_size;
    struct stream *prev, *next;
    int fd;
};

size_t __stdio_write(struct stream *f, const unsigned char *data, size_t size)
{
    write(f->fd, f->wbase, (size_t)(f->wpos - f->wbase));
    write(f->fd, data, size);
    f->wend = f->buf + f->buf_size;
    f->wpos = f->wbase = f->buf;
    return size;
}

size_t __stdout_write(struct stream *f, const unsigned char *data, size_t size)
{
    return __stdio_write(f, data, size);
}

size_t __stdio_read(struct stream *f, unsigned char *data, size_t size)
{
    (void)f, (void)data, (void)size;
    f->flags |= 16;
    return 0;
}

off_t __stdio_seek(struct stream *f, off_t offset, int whence)
{
    return lseek(f->fd, offset, whence);
}

int __stdio_close(struct stream *f)
{
    return close(f->fd);
}

/* ---- Clocks ---- */

int clock_gettime(clockid_t clock, struct timespec *to)
{
    uint64_t nsecs = clock == CLOCK_REALTIME ? solo5_clock_wall() : solo5_clock_monotonic();
    to->tv_sec = (time_t)(nsecs / 1000000000);
    to->tv_nsec = (long)(nsecs % 1000000000);
    return 0;
}

int __clock_gettime(clockid_t clock, struct timespec *to)
{
    return clock_gettime(clock, to);
}

int getrusage(int who, struct rusage *usage)
{
    struct timespec now;
    (void)who;
    memset(usage, 0, sizeof *usage);
    clock_gettime(CLOCK_MONOTONIC, &now);
    usage->ru_utime = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
    return 0;
}

/* ---- Memory ---- */

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    (void)at, (void)protection, (void)fd, (void)offset;
    /* What is mapped over a part of a mapping, to commit or to forget it. */
    if (flags & MAP_FIXED) return at;
    void *pages = flags & MAP_ANON ? pages_get(size, 1) : NULL;
    if (pages != NULL) return pages;
    errno = ENOMEM;
    return MAP_FAILED;
}
LARGE(mmap);

int munmap(void *start, size_t size)
{
    pages_put(start, size);
    return 0;
}

int mprotect(void *start, size_t size, int protection)
{
    (void)start, (void)size, (void)protection;
    return 0;
}

int madvise(void *start, size_t size, int advice)
{
    (void)start, (void)size, (void)advice;
    return 0;
}

int getrlimit(int resource, struct rlimit *limit)
{
    limit->rlim_cur = limit->rlim_max = resource == RLIMIT_STACK ? 8UL << 20 : RLIM_INFINITY;
    return 0;
}

/* ---- Signals are never sent ---- */

int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    (void)number, (void)new;
    if (old != NULL) memset(old, 0, sizeof *old);
    return 0;
}

int sigaltstack(const stack_t *new, stack_t *old)
{
    (void)new;
    if (old != NULL) *old = (stack_t){ .ss_flags = SS_DISABLE };
    return 0;
}

int sigprocmask(int how, const sigset_t *new, sigset_t *old)
{
    (void)how, (void)new;
    if (old != NULL) sigemptyset(old);
    return 0;
}

int pthread_sigmask(int how, const sigset_t *new, sigset_t *old)
{
    return sigprocmask(how, new, old);
}

int raise(int number)
{
    if (number == SIGABRT) abort();
    return 0;
}

/* ---- The end ---- */

pid_t getpid(void)
{
    return 1;
}

pid_t getppid(void)
{
    return 0;
}

uid_t getuid(void)
{
    return 0;
}

_Noreturn void _Exit(int status)
{
    solo5_exit(status);
    __builtin_unreachable();
}

_Noreturn void _exit(int status)
{
    _Exit(status);
}

_Noreturn void abort(void)
{
    solo5_abort();
    __builtin_unreachable();
}
