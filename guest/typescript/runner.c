/*
 * Runs a TypeScript unikernel: the engine's memory as the build left it, from the first statement that the build could not
 * run. What the library asks for it gets here; src/typescript has the other side.
 */
#include "host-functions.h"
#include "runner.h"
#include "random.h"
#include "system-call.h"

volatile struct runner_image runner_image = { .magic = RUNNER_MAGIC };

static u32 context;

/* The engine counts what its calls take of the stack in its own memory. The machine's takes up to so many times as much: the
 * parser's functions have nearly all in registers and frames, which are smaller where no address is compared. */
#ifdef WASM_MEMORY_GUARDED
#define STACK_RATIO 16
#else
#define STACK_RATIO 32
#endif

/* ---- Endings ---- */

WASM_COLD static void fail(const char *what)
{
    wasm_say("solo5: ");
    wasm_say(what);
    wasm_say("\n");
    solo5_exit(SOLO5_EXIT_FAILURE);
}

WASM_COLD void wasm_trap(enum wasm_trap why)
{
    fail(why == WASM_STACK_EXHAUSTED ? "the program's calls are nested too deeply" : wasm_trap_text(why));
}

/* ---- Values ---- */

static u8 *in_memory(u32 at, u32 size)
{
    if ((u64)at + size > wasm_memory_size) fail("an address outside of the engine's memory");
    return wasm_memory + at;
}

#define ARGUMENT(argv, i) ((argv) + 8u * (i))

static f64 number(u32 value)
{
    return engine_QTS_GetFloat64(context, value);
}

static u32 number_value(f64 value)
{
    return engine_QTS_NewFloat64(context, value);
}

static u32 call(u32 function, u32 argc, u32 argv)
{
    return engine_QTS_Call(context, function, engine_QTS_GetUndefined(), argc, argv);
}

/* The bytes [offset, offset + length) of the buffer that an argument is, the offset being the next; NULL where it is none. */
static u8 *buffer(u32 argv, u32 i, size_t *length)
{
    u32 data = engine_bufferData(context, runner_image.arguments, ARGUMENT(argv, i));
    u32 size = wasm_load_u32(in_memory(runner_image.arguments, 4));
    f64 offset = number(ARGUMENT(argv, i + 1)), wanted = number(ARGUMENT(argv, i + 2));
    if (data == 0 || !(offset >= 0 && wanted >= 0 && offset + wanted <= size)) return NULL;
    *length = (size_t)wanted;
    return in_memory(data, size) + (u32)offset;
}

/* ---- What the library asks for ---- */

static const char *command_line;

static u32 exchanged_text(const char *text)
{
    u8 *to = in_memory(runner_image.exchange, EXCHANGE_SIZE);
    u32 size = 0;
    for (; text[size] != '\0' && size < EXCHANGE_SIZE; size++) to[size] = (u8)text[size];
    return size;
}

/* The device's name is in the exchange buffer; what is known of it takes its place: two numbers of 64 bits. */
static f64 acquire(bool is_net, u32 length)
{
    u8 *exchange = in_memory(runner_image.exchange, EXCHANGE_SIZE);
    char name[68];
    if (length >= sizeof name) return -1;
    __builtin_memcpy(name, exchange, length);
    name[length] = '\0';
    solo5_handle_t handle;
    if (is_net) {
        struct solo5_net_info info;
        if (solo5_net_acquire(name, &handle, &info) != SOLO5_R_OK) return -1;
        wasm_store_u64(exchange, info.mtu);
        __builtin_memcpy(exchange + 8, info.mac_address, sizeof info.mac_address);
    } else {
        struct solo5_block_info info;
        if (solo5_block_acquire(name, &handle, &info) != SOLO5_R_OK) return -1;
        wasm_store_u64(exchange, info.capacity);
        wasm_store_u64(exchange + 8, info.block_size);
    }
    return (f64)handle;
}

static f64 wait(f64 deadline)
{
    solo5_handle_set_t ready = 0;
    solo5_time_t at = deadline >= 1.8e13 ? UINT64_MAX : (solo5_time_t)(deadline * 1e6);
    /* A deadline of no end is one that is as far as the host can count. */
    if (at == UINT64_MAX) at = solo5_clock_monotonic() + 3600ul * 1000000000;
    solo5_yield(at, &ready);
    return (f64)(ready & ((1ul << 53) - 1));
}

static f64 host(enum host_function id, u32 argc, u32 argv)
{
    size_t length = 0;
    u8 *bytes;
    bool begins_with_buffer = id == HOST_CONSOLE_WRITE || id == HOST_RANDOM_BYTES || id == HOST_ADDRESS_OF;
    f64 first = argc > 0 && !begins_with_buffer ? number(ARGUMENT(argv, 0)) : 0;
    switch (id) {
    case HOST_CONSOLE_WRITE:
        bytes = buffer(argv, 0, &length);
        if (bytes != NULL) solo5_console_write((const char *)bytes, length);
        return 0;
    case HOST_EXIT:
        solo5_exit((int)first & 0xff);
    case HOST_MONOTONIC_TIME:
        return (f64)solo5_clock_monotonic() / 1e6;
    case HOST_WALL_TIME:
        return (f64)solo5_clock_wall() / 1e6;
    case HOST_RANDOM_BYTES:
        bytes = buffer(argv, 0, &length);
        return bytes != NULL && random_bytes(bytes, length);
    case HOST_COMMAND_LINE:
        return exchanged_text(command_line);
    case HOST_WAIT:
        return wait(first);
    case HOST_ACQUIRE_NET:
    case HOST_ACQUIRE_BLOCK:
        return first >= 0 && first <= 67 ? acquire(id == HOST_ACQUIRE_NET, (u32)first) : -1;
    case HOST_BLOCK_READ:
    case HOST_BLOCK_WRITE: {
        f64 position = number(ARGUMENT(argv, 1));
        bytes = buffer(argv, 2, &length);
        if (bytes == NULL || !(position >= 0 && position < 0x1p53)) return SOLO5_R_EINVAL;
        solo5_handle_t handle = (solo5_handle_t)first;
        return id == HOST_BLOCK_READ ? solo5_block_read(handle, (solo5_off_t)position, bytes, length)
                                     : solo5_block_write(handle, (solo5_off_t)position, bytes, length);
    }
    case HOST_SYSTEM_CALL: {
        long args[6];
        for (u32 i = 0; i < 6; i++) args[i] = i + 1 < argc ? (long)number(ARGUMENT(argv, i + 1)) : 0;
        return (f64)system_call((long)first, args);
    }
    case HOST_ADDRESS_OF:
        return (f64)(uintptr_t)buffer(argv, 0, &length);
    default:
        return 0;
    }
}

/* ---- What is asked for with every frame: arguments and result are numbers of 32 bits ---- */

/* JS_TAG_INT is 0; what is a number of another kind the engine converts. */
static s32 integer(u32 argv, u32 i)
{
    u64 value = wasm_load_u64(in_memory(ARGUMENT(argv, i), 8));
    return value >> 32 == 0 ? (s32)value : (s32)number(ARGUMENT(argv, i));
}

/* The bytes from (from) to (to) of the buffer that an argument is; NULL where they are not in it. */
static u8 *part(u32 argv, u32 i, s32 from, s32 to)
{
    u32 data = engine_bufferData(context, runner_image.arguments, ARGUMENT(argv, i));
    u32 size = wasm_load_u32(in_memory(runner_image.arguments, 4));
    return data != 0 && from >= 0 && from <= to && (u32)to <= size ? in_memory(data, size) + from : NULL;
}

static u8 *whole(u32 argv, u32 i, u32 *size)
{
    u32 data = engine_bufferData(context, runner_image.arguments, ARGUMENT(argv, i));
    *size = wasm_load_u32(in_memory(runner_image.arguments, 4));
    return data != 0 ? in_memory(data, *size) : NULL;
}

/* RFC 1071, 2: formed in the machine's order, then swapped. Both ISAs' is little-endian. */
static u32 sum_of(const u8 *at, size_t size, u32 start)
{
    u64 sum = 0;
    for (; size >= 4; size -= 4, at += 4) sum += wasm_load_u32(at);
    u8 rest[4] = { 0 };
    for (size_t i = 0; i < size; i++) rest[i] = at[i];
    sum += wasm_load_u32(rest);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    sum = __builtin_bswap16((u16)sum) + start;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return (u32)sum;
}

/* src/ip/tcp/frame-head.ts says what these two do. */
#define PROTOCOL_TCP 6
#define TCP_HEADER 20

static u32 transport_at(const u8 *head) { return head[12] == 8 ? 34 : 54; }
static u32 addresses_at(u32 at) { return at == 34 ? 26 : 22; }

static bool agrees(u32 argv)
{
    u32 size, pattern_size;
    const u8 *frame = whole(argv, 0, &size), *pattern = whole(argv, 2, &pattern_size);
    u32 end = (u32)integer(argv, 1), head = pattern_size / 2;
    if (frame == NULL || pattern == NULL || end > size || head < 54 || end < head) return false;
    u32 different = 0, i = 0;
    for (; i + 4 <= head; i += 4)
        different |= (wasm_load_u32(frame + i) ^ wasm_load_u32(pattern + i)) & wasm_load_u32(pattern + head + i);
    for (; i < head; i++) different |= (frame[i] ^ pattern[i]) & pattern[head + i];
    if (different != 0) return false;
    u32 at = transport_at(pattern), addresses = addresses_at(at);
    if (at == 34 && sum_of(frame + 14, 20, 0) != 0xffff) return false;
    return sum_of(frame + addresses, end - addresses, PROTOCOL_TCP + end - at) == 0xffff;
}

static void put16(u8 *at, u32 value) { wasm_store_u16(at, __builtin_bswap16((u16)value)); }
static void put32(u8 *at, u32 value) { wasm_store_u32(at, __builtin_bswap32(value)); }

static void compose(u32 argv)
{
    u32 size, head_size;
    u8 *frame = whole(argv, 0, &size);
    const u8 *head = whole(argv, 1, &head_size);
    u32 length = (u32)integer(argv, 7), both = (u32)integer(argv, 4);
    if (frame == NULL || head == NULL || head_size < 54 || head_size > size || length > size - head_size) return;
    u32 at = transport_at(head), addresses = addresses_at(at);
    if (head_size < at + TCP_HEADER) return;
    __builtin_memcpy(frame, head, head_size);
    u32 segment = head_size - at + length;
    put32(frame + at + 4, (u32)integer(argv, 2));
    put32(frame + at + 8, (u32)integer(argv, 3));
    frame[at + 13] = (u8)(both >> 16);
    put16(frame + at + 14, both);
    put16(frame + at + 16, 0);
    if (head_size >= at + TCP_HEADER + 12) {
        put32(frame + at + TCP_HEADER + 4, (u32)integer(argv, 5));
        put32(frame + at + TCP_HEADER + 8, (u32)integer(argv, 6));
    }
    put16(frame + at + 16, ~sum_of(frame + addresses, at - addresses + segment, PROTOCOL_TCP + segment));
    if (at == 54) {
        put16(frame + 18, segment);
        return;
    }
    put16(frame + 16, 20 + segment);
    put16(frame + 24, 0);
    put16(frame + 24, ~sum_of(frame + 14, 20, 0));
}

static s32 direct(enum host_function id, u32 argc, u32 argv)
{
    if (id == HOST_AGREES) return argc == 3 && agrees(argv);
    if (id == HOST_COMPOSE) {
        if (argc == 8) compose(argv);
        return 0;
    }
    bool has_handle = id == HOST_NET_READ || id == HOST_NET_WRITE;
    if (argc != (has_handle ? 4 : 3)) return -SOLO5_R_EINVAL;
    s32 from = integer(argv, has_handle ? 2 : 1), last = integer(argv, has_handle ? 3 : 2);
    s32 to = has_handle ? (s32)((u32)from + (u32)last) : last;
    u8 *bytes = part(argv, has_handle ? 1 : 0, from, to);
    if (bytes == NULL) return id == HOST_NET_WRITE ? SOLO5_R_EINVAL : -SOLO5_R_EINVAL;
    size_t length = (size_t)(to - from), size = 0;
    switch (id) {
    case HOST_NET_READ: {
        solo5_result_t result = solo5_net_read((solo5_handle_t)integer(argv, 0), bytes, length, &size);
        return result == SOLO5_R_OK ? (s32)size : -(s32)result;
    }
    case HOST_NET_WRITE:
        return (s32)solo5_net_write((solo5_handle_t)integer(argv, 0), bytes, length);
    case HOST_SUM:
        return (s32)sum_of(bytes, length, 0);
    case HOST_FIND_EMPTY_LINE:
        for (size_t i = 0; i + 4 <= length; i++)
            if (wasm_load_u32(bytes + i) == 0x0a0d0a0d) return from + (s32)i;
        return -1;
    default:
        return 0;
    }
}

/* ---- Text ---- */

static u32 encode_text(u32 argv)
{
    u32 text = engine_QTS_GetString(context, argv), length = 0;
    if (text == 0) return 0;
    while (*in_memory(text + length, 1) != 0) length++;
    u32 copy = engine_malloc(length == 0 ? 1 : length);
    if (copy == 0) return 0;
    __builtin_memcpy(in_memory(copy, length), in_memory(text, length), length);
    engine_QTS_FreeCString(context, text);
    return engine_QTS_NewArrayBuffer(context, copy, length);
}

/* Whether the bytes are UTF-8 without a zero: Unicode, table 3-7. */
static bool is_text(const u8 *at, size_t size)
{
    for (size_t i = 0; i < size;) {
        u8 first = at[i++];
        if (first == 0) return false;
        if (first < 0x80) continue;
        size_t more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        if (first < 0xc2 || first > 0xf4 || size - i < more) return false;
        u8 low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        u8 high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        for (; more > 0; more--, i++) {
            if (at[i] < low || at[i] > high) return false;
            low = 0x80, high = 0xbf;
        }
    }
    return true;
}

/* Undefined, which is 0, where JavaScript has to look at every byte. */
static u32 decode_text(u32 argv)
{
    size_t length = 0;
    u8 *bytes = buffer(argv, 0, &length);
    if (bytes == NULL || !is_text(bytes, length)) return 0;
    u32 copy = engine_malloc((u32)length + 1);
    if (copy == 0) return 0;
    __builtin_memcpy(in_memory(copy, (u32)length), bytes, length);
    *in_memory(copy + (u32)length, 1) = 0;
    u32 text = engine_QTS_NewString(context, copy);
    engine_free(copy);
    return text;
}

u32 engine_callFunction(u32 in_context, u32 this_value, u32 argc, u32 argv, u32 id)
{
    (void)in_context;
    (void)this_value;
    if (id >= FIRST_DIRECT) return (u32)direct((enum host_function)id, argc, argv);
    if (id == HOST_ENCODE_TEXT) return encode_text(argv);
    if (id == HOST_DECODE_TEXT) return decode_text(argv);
    if (id != HOST_REJECTION) return number_value(host((enum host_function)id, argc, argv));
    /* Promise and reason at (argv); (argc) says whether it has been handled since. */
    u32 list = runner_image.arguments;
    u32 handled = number_value(argc);
    wasm_store_u32(in_memory(list, 12), handled);
    wasm_store_u32(in_memory(list + 4, 8), argv);
    wasm_store_u32(in_memory(list + 8, 4), argv + 8);
    engine_QTS_FreeValuePointer(context, call(runner_image.rejected, 3, list));
    engine_QTS_FreeValuePointer(context, handled);
    return 0;
}

/* ---- What the engine asks for: emscripten's part of a C library ---- */

void engine_assertFailed(u32 text, u32 file, u32 line, u32 function)
{
    (void)file, (void)line, (void)function, (void)text;
    fail("an assertion of the engine failed");
}

void engine_abort(void)
{
    fail("the engine gave up");
}

void engine_exit(u32 status)
{
    solo5_exit((int)status);
}

f64 engine_now(void)
{
    return (f64)(solo5_clock_wall() / 1000000);
}

u32 engine_clockTimeGet(u32 id, u64 precision, u32 to)
{
    (void)precision;
    wasm_store_u64(in_memory(to, 8), id == 0 ? solo5_clock_wall() : solo5_clock_monotonic());
    return 0;
}

u32 engine_resizeHeap(u32 size)
{
    u64 missing = size > wasm_memory_size ? size - wasm_memory_size : 0;
    u32 pages = (u32)((missing + 65535) / 65536);
    return pages == 0 || wasm_memory_grow(pages, 32768) != UINT32_MAX;
}

/* A unikernel's time is UTC: of a struct tm only the distance from it is read. */
void engine_localTime(u64 seconds, u32 to)
{
    (void)seconds;
    __builtin_memset(in_memory(to, 44), 0, 44);
}

void engine_timezone(u32 zone, u32 daylight, u32 name, u32 summer_name)
{
    wasm_store_u32(in_memory(zone, 4), 0);
    wasm_store_u32(in_memory(daylight, 4), 0);
    __builtin_memcpy(in_memory(name, 4), "UTC", 4);
    __builtin_memcpy(in_memory(summer_name, 4), "UTC", 4);
}

u32 engine_environSizesGet(u32 count, u32 size)
{
    wasm_store_u32(in_memory(count, 4), 0);
    wasm_store_u32(in_memory(size, 4), 0);
    return 0;
}

u32 engine_environGet(u32 variables, u32 text)
{
    (void)variables, (void)text;
    return 0;
}

u32 engine_fdWrite(u32 fd, u32 parts, u32 count, u32 written)
{
    (void)fd;
    u32 total = 0;
    for (u32 i = 0; i < count; i++) {
        u32 at = wasm_load_u32(in_memory(parts + 8 * i, 8)), size = wasm_load_u32(in_memory(parts + 8 * i + 4, 4));
        solo5_console_write((const char *)in_memory(at, size), size);
        total += size;
    }
    wasm_store_u32(in_memory(written, 4), total);
    return 0;
}

/* WASI's EBADF and ESPIPE: there are no files. */
u32 engine_fdClose(u32 fd) { (void)fd; return 8; }
u32 engine_fdSeek(u32 fd, u64 offset, u32 whence, u32 to) { (void)fd, (void)offset, (void)whence, (void)to; return 70; }

/* Never called: no module loader, interrupt handler or timer is set. */
u32 engine_normalizeModule(u32 a, u32 b, u32 c, u32 d) { (void)a, (void)b, (void)c, (void)d; return 0; }
u32 engine_loadModuleSource(u32 a, u32 b, u32 c) { (void)a, (void)b, (void)c; return 0; }
u32 engine_shouldInterrupt(u32 a) { (void)a; return 0; }
u32 engine_setTimer(u32 a, f64 b) { (void)a, (void)b; return 0; }
void engine_keepRuntimeAlive(void) {}
void engine_freeHostRef(u32 a, u32 b) { (void)a, (void)b; }

/* ---- The run ---- */

/* Ends with a report of what was thrown; where that fails, without. */
static void check(u32 result)
{
    u32 error = engine_QTS_ResolveException(context, result);
    if (error == 0) return;
    wasm_store_u32(in_memory(runner_image.arguments, 4), error);
    u32 reported = call(runner_image.report, 1, runner_image.arguments);
    if (engine_QTS_ResolveException(context, reported) != 0) fail("out of memory");
    solo5_exit(SOLO5_EXIT_FAILURE);
}

static void run_jobs(void)
{
    while (engine_QTS_IsJobPending(runner_image.runtime)) {
        u32 done = engine_QTS_ExecutePendingJob(runner_image.runtime, 64, runner_image.arguments);
        engine_QTS_FreeValuePointer(context, done);
    }
}

/* From the last run on, each goes up, or stays: none is written over before it has moved. */
static void unpack(void)
{
    u32 count = runner_image.run_count;
    u64 packed = 0, end = wasm_memory_size;
    for (u32 i = 0; i < count; i++) packed += runner_image.runs[i].size;
    while (count-- > 0) {
        u32 at = runner_image.runs[count].at, size = runner_image.runs[count].size;
        packed -= size;
        __builtin_memmove(wasm_memory + at, wasm_memory + packed, size);
        __builtin_memset(wasm_memory + at + size, 0, end - (at + size));
        end = at;
    }
    if (runner_image.run_count != 0) __builtin_memset(wasm_memory, 0, end);
}

static void run_program(void)
{
    unpack();
    wasm_instantiate();
    wasm_g0 = runner_image.stack_pointer;
    context = runner_image.context;
    engine_QTS_RuntimeSetMaxStackSize(runner_image.runtime, (u32)(wasm_stack_size / STACK_RATIO));

    u32 resumed = call(runner_image.resume, 0, 0);
    check(resumed);
    for (;;) {
        run_jobs();
        u32 result = call(runner_image.tick, 0, 0);
        check(result);
        f64 again = number(result);
        engine_QTS_FreeValuePointer(context, result);
        if (again < 0) return;
    }
}

int solo5_app_main(const struct solo5_start_info *info)
{
    if (runner_image.magic != RUNNER_MAGIC || runner_image.pages == 0)
        fail("this runner has no program: solo5 build puts one into it");
    command_line = info->cmdline;
    wasm_runtime_init(info);
    if (!wasm_memory_init_size((u64)runner_image.pages << 16))
        fail("too little memory for the program: see --mem");
    wasm_run(run_program);
}
