/* What WASI gives a program, printed: without a C library, so that nothing but a compiler is needed. */
typedef unsigned int u32;
typedef unsigned long long u64;
#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
WASI(fd_write) u32 fd_write(u32 fd, const void *parts, u32 count, u32 *done);
WASI(fd_read) u32 fd_read(u32 fd, const void *parts, u32 count, u32 *done);
WASI(fd_seek) u32 fd_seek(u32 fd, u64 offset, u32 whence, u64 *to);
WASI(fd_close) u32 fd_close(u32 fd);
WASI(fd_readdir) u32 fd_readdir(u32 fd, void *to, u32 size, u64 cookie, u32 *done);
WASI(fd_prestat_get) u32 fd_prestat_get(u32 fd, u32 *to);
WASI(fd_fdstat_get) u32 fd_fdstat_get(u32 fd, void *to);
WASI(path_open) u32 path_open(u32 fd, u32 lookup, const char *path, u32 size, u32 flags, u64 rights, u64 inherited, u32 status, u32 *to);
WASI(path_filestat_get) u32 path_filestat_get(u32 fd, u32 lookup, const char *path, u32 size, void *to);
WASI(args_sizes_get) u32 args_sizes_get(u32 *count, u32 *size);
WASI(args_get) u32 args_get(char **list, char *text);
WASI(environ_sizes_get) u32 environ_sizes_get(u32 *count, u32 *size);
WASI(environ_get) u32 environ_get(char **list, char *text);
WASI(clock_time_get) u32 clock_time_get(u32 id, u64 precision, u64 *to);
WASI(random_get) u32 random_get(void *to, u32 size);
WASI(poll_oneoff) u32 poll_oneoff(const void *in, void *out, u32 count, u32 *events);
WASI(proc_exit) _Noreturn void proc_exit(u32 status);

static u32 length(const char *text) { u32 size = 0; while (text[size]) size++; return size; }
static void say_bytes(const char *text, u32 size) { u32 parts[] = { (u32)text, size }, done; fd_write(1, parts, 1, &done); }
static void say(const char *text) { say_bytes(text, length(text)); }
static void say_number(const char *what, u64 value)
{
    char digits[21];
    u32 at = sizeof digits;
    do digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    say(what);
    say(" ");
    say_bytes(digits + at, sizeof digits - at);
    say("\n");
}
static u32 open_file(const char *path, u32 *fd) { return path_open(3, 0, path, length(path), 0, 1 << 1 | 1 << 2 | 1 << 14 | 1 << 21, 0, 0, fd); }

static char text[4096];
static char *list[64];

void _start(void)
{
    u32 count, size, fd = 99, done;
    args_sizes_get(&count, &size);
    args_get(list, text);
    for (u32 i = 1; i < count; i++) say(list[i]), say("\n");
    environ_sizes_get(&count, &size);
    environ_get(list, text);
    for (u32 i = 0; i < count; i++) say(list[i]), say("\n");

    u32 prestat[2];
    say_number("prestat", fd_prestat_get(3, prestat));
    say_number("none", fd_prestat_get(4, prestat));
    say_number("missing", open_file("nothing", &fd));
    say_number("open", open_file("data/../data/./text.txt", &fd));
    u64 at;
    say_number("seek", fd_seek(fd, 5, 0, &at));
    u32 parts[] = { (u32)text, 2, (u32)text + 2, 100 };
    say_number("read", fd_read(fd, parts, 2, &done));
    say_bytes(text, done);
    say("\n");
    fd_read(fd, parts, 2, &done);
    say_number("end", done);
    say_number("before the start", fd_seek(fd, -100ull, 1, &at));
    fd_seek(fd, 0, 2, &at);
    say_number("size", at);
    fd_fdstat_get(fd, text);
    say_number("type", (u32)text[0]);
    say_number("close", fd_close(fd));
    say_number("closed", fd_close(fd));
    say_number("stat", path_filestat_get(3, 0, "data/text.txt", 13, text));
    say_number("size", *(u64 *)(text + 32));
    say_number("type", (u32)text[16]);
    path_filestat_get(3, 0, "data", 4, text);
    say_number("type", (u32)text[16]);
    say_number("folder", open_file("data", &fd));
    fd_readdir(fd, text, sizeof text, 0, &done);
    for (u32 i = 0; i < done;) {
        u32 name = *(u32 *)(text + i + 16);
        if (text[i + 24] != '.') say_bytes(text + i + 24, name), say_number("", (u32)text[i + 20]);
        i += 24 + name;
    }

    u64 wall, before, after;
    clock_time_get(0, 0, &wall);
    say_number("this century", wall > 1700000000000000000ull);
    clock_time_get(1, 0, &before);
    static u64 subscription[6] = { 7, 0, 1, 3000000 }, event[4];
    poll_oneoff(subscription, event, 1, &done);
    clock_time_get(1, 0, &after);
    say_number("events", done);
    say_number("userdata", event[0]);
    /* Node waits in milliseconds, by another clock. */
    say_number("slept", after - before >= 1000000);
    text[0] = text[1] = text[2] = text[3] = 0;
    random_get(text, 64);
    u32 sum = 0;
    for (u32 i = 0; i < 64; i++) sum += (unsigned char)text[i];
    say_number("random", sum > 0);
    proc_exit(42);
}
