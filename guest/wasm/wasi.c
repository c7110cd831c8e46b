/*
 * WASI preview 1 on Solo5: arguments, environment, clocks, random, standard output, exit, and a read-only tree of files as
 * the one preopened folder. Layouts and numbers are those of wasi_snapshot_preview1.
 */
#include "runtime.h"
#include "wasi.h"
#include "random.h"

enum { SUCCESS = 0, BADF = 8, INVAL = 28, ISDIR = 31, NFILE = 41, NOENT = 44, NOSYS = 52, NOTDIR = 54, ROFS = 69, SPIPE = 70 };
enum { CHARACTER_DEVICE = 2, DIRECTORY = 3, REGULAR_FILE = 4 };
enum { OPEN_CREATE = 1, OPEN_DIRECTORY = 2, OPEN_TRUNCATE = 8 };

/* ---- The module's memory ---- */

static u8 *memory(u32 at, u64 size)
{
    WASM_TRAP_IF((u64)at + size > wasm_memory_size, WASM_MEMORY_BOUNDS);
    return wasm_memory + at;
}

static void put32(u32 at, u32 value) { wasm_store_u32(memory(at, 4), value); }
static void put64(u32 at, u64 value) { wasm_store_u64(memory(at, 8), value); }
static u32 get32(u32 at) { return wasm_load_u32(memory(at, 4)); }

static u32 length(const char *text)
{
    u32 size = 0;
    while (text[size] != '\0') size++;
    return size;
}

/* ---- Arguments and environment ---- */

#define WORDS 256
static const char *words[WORDS];
static u32 word_sizes[WORDS];
static u32 word_count;

void wasi_init(const char *command_line)
{
    words[word_count] = "unikernel";
    word_sizes[word_count++] = 9;
    for (const char *at = command_line; *at != '\0' && word_count < WORDS;) {
        while (*at == ' ') at++;
        const char *start = at;
        while (*at != '\0' && *at != ' ') at++;
        if (at == start) break;
        words[word_count] = start;
        word_sizes[word_count++] = (u32)(at - start);
    }
}

static void put_text(u32 list, u32 index, u32 *text, const char *from, u32 size)
{
    put32(list + 4 * index, *text);
    __builtin_memcpy(memory(*text, (u64)size + 1), from, size);
    *memory(*text + size, 1) = 0;
    *text += size + 1;
}

u32 wasi_args_sizes_get(u32 count, u32 size)
{
    u32 total = 0;
    for (u32 i = 0; i < word_count; i++) total += word_sizes[i] + 1;
    put32(count, word_count);
    put32(size, total);
    return SUCCESS;
}

u32 wasi_args_get(u32 list, u32 text)
{
    for (u32 i = 0; i < word_count; i++) put_text(list, i, &text, words[i], word_sizes[i]);
    return SUCCESS;
}

u32 wasi_environ_sizes_get(u32 count, u32 size)
{
    u32 total = 0;
    for (u32 i = 0; i < wasi_environment_count; i++) total += length(wasi_environment[i]) + 1;
    put32(count, wasi_environment_count);
    put32(size, total);
    return SUCCESS;
}

u32 wasi_environ_get(u32 list, u32 text)
{
    for (u32 i = 0; i < wasi_environment_count; i++)
        put_text(list, i, &text, wasi_environment[i], length(wasi_environment[i]));
    return SUCCESS;
}

/* ---- Clocks, random, the end ---- */

/* Realtime is 0; the CPU's clocks run as the monotonic one does, for nothing else runs. */
static u64 clock(u32 id)
{
    return id == 0 ? solo5_clock_wall() : solo5_clock_monotonic();
}

u32 wasi_clock_time_get(u32 id, u64 precision, u32 to)
{
    (void)precision;
    if (id > 3) return INVAL;
    put64(to, clock(id));
    return SUCCESS;
}

u32 wasi_clock_res_get(u32 id, u32 to)
{
    if (id > 3) return INVAL;
    put64(to, 1);
    return SUCCESS;
}

u32 wasi_random_get(u32 to, u32 size)
{
    return random_bytes(memory(to, size), size) ? SUCCESS : NOSYS;
}

void wasi_proc_exit(u32 status)
{
    solo5_exit((int)status);
}

u32 wasi_sched_yield(void)
{
    return SUCCESS;
}

/* Subscriptions of 48 bytes to events of 32. Waits for the first clock; files are ready always. */
u32 wasi_poll_oneoff(u32 in, u32 out, u32 count, u32 events)
{
    if (count == 0) return INVAL;
    u64 deadline = UINT64_MAX;
    bool is_ready = false;
    for (u32 i = 0; i < count; i++) {
        u8 *at = memory(in + 48 * i, 48);
        if (at[8] != 0) {
            is_ready = true;
            continue;
        }
        u64 timeout = wasm_load_u64(at + 24), now = clock(wasm_load_u32(at + 16));
        bool is_absolute = (wasm_load_u16(at + 40) & 1) != 0;
        u64 left = is_absolute ? (timeout > now ? timeout - now : 0) : timeout;
        u64 until = solo5_clock_monotonic() + left;
        if (until < deadline) deadline = until;
    }
    while (!is_ready && solo5_clock_monotonic() < deadline) {
        solo5_handle_set_t ready;
        solo5_yield(deadline, &ready);
    }
    u32 done = 0;
    for (u32 i = 0; i < count; i++) {
        u8 *at = memory(in + 48 * i, 48);
        if (is_ready && at[8] == 0) continue;
        u8 *event = memory(out + 32 * done++, 32);
        u64 userdata = wasm_load_u64(at);
        u8 type = at[8];
        __builtin_memset(event, 0, 32);
        wasm_store_u64(event, userdata);
        event[10] = type;
    }
    put32(events, done);
    return SUCCESS;
}

/* ---- Files ---- */

#define DESCRIPTORS 64
#define ROOT 3

/* A file, or a folder by its path. */
struct descriptor {
    bool is_open, is_folder;
    u32 file;
    u64 position;
    char path[256];
};
static struct descriptor descriptors[DESCRIPTORS] = { [ROOT] = { .is_open = true, .is_folder = true } };

static struct descriptor *opened(u32 fd)
{
    return fd >= ROOT && fd < DESCRIPTORS && descriptors[fd].is_open ? &descriptors[fd] : NULL;
}

/* (path) in the folder (base), without `.` and `..`; false where it is too long or leads out. */
static bool resolve(const char *base, const u8 *path, u32 size, char *to)
{
    u32 used = 0;
    if (size > 0 && path[0] != '/')
        for (; base[used] != '\0'; used++) to[used] = base[used];
    for (u32 i = 0; i < size;) {
        while (i < size && path[i] == '/') i++;
        u32 start = i;
        while (i < size && path[i] != '/') i++;
        u32 part = i - start;
        if (part == 0 || (part == 1 && path[start] == '.')) continue;
        if (part == 2 && path[start] == '.' && path[start + 1] == '.') {
            if (used == 0) return false;
            while (used > 0 && to[--used] != '/') {}
            continue;
        }
        if (used + part + 2 > sizeof descriptors[0].path) return false;
        if (used > 0) to[used++] = '/';
        for (u32 k = 0; k < part; k++) to[used++] = (char)path[start + k];
    }
    to[used] = '\0';
    return true;
}

/* What is left of (path) behind the folder (folder), or NULL where it is not in there. */
static const char *inside(const char *folder, const char *path)
{
    while (*folder != '\0' && *folder == *path) folder++, path++;
    if (*folder != '\0') return NULL;
    return *path == '/' ? path + 1 : NULL;
}

static const char *below(const char *folder, const char *path)
{
    return folder[0] == '\0' ? path : inside(folder, path);
}

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) a++, b++;
    return *a == *b;
}

/* DIRECTORY, REGULAR_FILE with its number, or 0. */
static u32 find(const char *path, u32 *file)
{
    if (path[0] == '\0') return DIRECTORY;
    for (u32 i = 0; i < wasi_file_count; i++) {
        if (same(wasi_files[i].path, path)) {
            *file = i;
            return REGULAR_FILE;
        }
        if (inside(path, wasi_files[i].path) != NULL) return DIRECTORY;
    }
    return 0;
}

u32 wasi_fd_prestat_get(u32 fd, u32 to)
{
    if (fd != ROOT) return BADF;
    put32(to, 0);
    put32(to + 4, 1);
    return SUCCESS;
}

u32 wasi_fd_prestat_dir_name(u32 fd, u32 to, u32 size)
{
    if (fd != ROOT) return BADF;
    if (size < 1) return INVAL;
    *memory(to, 1) = '/';
    return SUCCESS;
}

u32 wasi_path_open(u32 fd, u32 lookup, u32 path, u32 size, u32 flags, u64 rights, u64 inherited, u32 status, u32 to)
{
    (void)lookup, (void)rights, (void)inherited, (void)status;
    struct descriptor *folder = opened(fd);
    if (folder == NULL) return BADF;
    if (!folder->is_folder) return NOTDIR;
    char name[sizeof folder->path];
    if (!resolve(folder->path, memory(path, size), size, name)) return NOENT;
    u32 file = 0, type = find(name, &file);
    if (type == 0) return (flags & OPEN_CREATE) != 0 ? ROFS : NOENT;
    if ((flags & OPEN_TRUNCATE) != 0) return ROFS;
    if (type == REGULAR_FILE && (flags & OPEN_DIRECTORY) != 0) return NOTDIR;
    u32 free = ROOT + 1;
    while (free < DESCRIPTORS && descriptors[free].is_open) free++;
    if (free == DESCRIPTORS) return NFILE;
    struct descriptor *made = &descriptors[free];
    made->is_open = true;
    made->is_folder = type == DIRECTORY;
    made->file = file;
    made->position = 0;
    __builtin_memcpy(made->path, name, sizeof name);
    put32(to, free);
    return SUCCESS;
}

u32 wasi_fd_close(u32 fd)
{
    if (fd < ROOT) return SUCCESS;
    struct descriptor *own = opened(fd);
    if (own == NULL) return BADF;
    own->is_open = false;
    return SUCCESS;
}

u32 wasi_fd_fdstat_get(u32 fd, u32 to)
{
    struct descriptor *own = opened(fd);
    if (fd >= ROOT && own == NULL) return BADF;
    u8 *at = memory(to, 24);
    __builtin_memset(at, 0, 24);
    at[0] = fd < ROOT ? CHARACTER_DEVICE : own->is_folder ? DIRECTORY : REGULAR_FILE;
    /* Nobody asks for more than there is by naming rights. */
    wasm_store_u64(at + 8, UINT64_MAX);
    wasm_store_u64(at + 16, UINT64_MAX);
    return SUCCESS;
}

u32 wasi_fd_fdstat_set_flags(u32 fd, u32 flags)
{
    (void)flags;
    return fd < ROOT || opened(fd) != NULL ? SUCCESS : BADF;
}

static u32 put_filestat(u32 to, u32 type, u32 file)
{
    u8 *at = memory(to, 64);
    __builtin_memset(at, 0, 64);
    at[16] = (u8)type;
    wasm_store_u64(at + 8, type == REGULAR_FILE ? file + 2 : 1);
    wasm_store_u64(at + 24, 1);
    wasm_store_u64(at + 32, type == REGULAR_FILE ? wasi_files[file].size : 0);
    return SUCCESS;
}

u32 wasi_fd_filestat_get(u32 fd, u32 to)
{
    if (fd < ROOT) return put_filestat(to, CHARACTER_DEVICE, 0);
    struct descriptor *own = opened(fd);
    return own == NULL ? BADF : put_filestat(to, own->is_folder ? DIRECTORY : REGULAR_FILE, own->file);
}

u32 wasi_path_filestat_get(u32 fd, u32 lookup, u32 path, u32 size, u32 to)
{
    (void)lookup;
    struct descriptor *folder = opened(fd);
    if (folder == NULL) return BADF;
    char name[sizeof folder->path];
    u32 file = 0;
    if (!resolve(folder->path, memory(path, size), size, name)) return NOENT;
    u32 type = find(name, &file);
    return type == 0 ? NOENT : put_filestat(to, type, file);
}

static u32 read_at(const struct descriptor *own, u64 *position, u32 parts, u32 count, u32 done)
{
    const struct wasi_file *file = &wasi_files[own->file];
    u32 total = 0;
    for (u32 i = 0; i < count; i++) {
        u32 to = get32(parts + 8 * i), wanted = get32(parts + 8 * i + 4);
        u64 left = *position < file->size ? file->size - *position : 0;
        u32 size = wanted < left ? wanted : (u32)left;
        __builtin_memcpy(memory(to, size), file->data + *position, size);
        *position += size;
        total += size;
    }
    put32(done, total);
    return SUCCESS;
}

/* There is no input: standard input is at its end. */
u32 wasi_fd_read(u32 fd, u32 parts, u32 count, u32 done)
{
    if (fd == 0) {
        put32(done, 0);
        return SUCCESS;
    }
    struct descriptor *own = opened(fd);
    if (own == NULL) return BADF;
    return own->is_folder ? ISDIR : read_at(own, &own->position, parts, count, done);
}

u32 wasi_fd_pread(u32 fd, u32 parts, u32 count, u64 position, u32 done)
{
    struct descriptor *own = opened(fd);
    if (own == NULL) return BADF;
    return own->is_folder ? ISDIR : read_at(own, &position, parts, count, done);
}

u32 wasi_fd_write(u32 fd, u32 parts, u32 count, u32 done)
{
    if (fd != 1 && fd != 2) return opened(fd) == NULL ? BADF : ROFS;
    u32 total = 0;
    for (u32 i = 0; i < count; i++) {
        u32 at = get32(parts + 8 * i), size = get32(parts + 8 * i + 4);
        solo5_console_write((const char *)memory(at, size), size);
        total += size;
    }
    put32(done, total);
    return SUCCESS;
}

u32 wasi_fd_seek(u32 fd, u64 offset, u32 whence, u32 to)
{
    struct descriptor *own = opened(fd);
    if (own == NULL) return fd < ROOT ? SPIPE : BADF;
    if (own->is_folder) return ISDIR;
    u64 base = whence == 0 ? 0 : whence == 1 ? own->position : wasi_files[own->file].size;
    if (whence > 2 || (s64)(base + offset) < 0) return INVAL;
    own->position = base + offset;
    put64(to, own->position);
    return SUCCESS;
}

u32 wasi_fd_tell(u32 fd, u32 to)
{
    return wasi_fd_seek(fd, 0, 1, to);
}

/* Names are listed once each: a folder by its first file. Entries that do not fit whole are cut, as WASI has it. */
u32 wasi_fd_readdir(u32 fd, u32 to, u32 size, u64 cookie, u32 done)
{
    struct descriptor *own = opened(fd);
    if (own == NULL) return BADF;
    if (!own->is_folder) return NOTDIR;
    u32 used = 0;
    u64 number = 0;
    for (u32 i = 0; i < wasi_file_count && used < size; i++) {
        const char *rest = below(own->path, wasi_files[i].path);
        if (rest == NULL) continue;
        u32 name = 0;
        while (rest[name] != '\0' && rest[name] != '/') name++;
        const char *before = i == 0 ? NULL : below(own->path, wasi_files[i - 1].path);
        u32 common = 0;
        while (before != NULL && common < name && before[common] == rest[common]) common++;
        if (before != NULL && common == name && (before[name] == '/' || before[name] == '\0')) continue;
        if (number++ < cookie) continue;
        u8 entry[24 + 256] = { 0 };
        wasm_store_u64(entry, number);
        wasm_store_u64(entry + 8, i + 2);
        wasm_store_u32(entry + 16, name);
        entry[20] = rest[name] == '/' ? DIRECTORY : REGULAR_FILE;
        for (u32 k = 0; k < name; k++) entry[24 + k] = (u8)rest[k];
        u32 whole = 24 + name, part = size - used < whole ? size - used : whole;
        __builtin_memcpy(memory(to + used, part), entry, part);
        used += part;
    }
    put32(done, used);
    return SUCCESS;
}
