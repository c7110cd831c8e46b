/*
 * What AssemblyScript's compiler has programs import of "env": strings are UTF-16, their size in bytes in front of them.
 */
#include "runtime.h"
#include "random.h"

static const u8 *text_at(u32 at, u32 *units)
{
    *units = 0;
    if (at < 4 || (u64)at > wasm_memory_size) return NULL;
    u32 size = wasm_load_u32(wasm_memory + at - 4);
    if ((u64)at + size > wasm_memory_size) return NULL;
    *units = size / 2;
    return wasm_memory + at;
}

static void say_text(u32 at)
{
    u32 units;
    const u8 *from = text_at(at, &units);
    char out[256];
    u32 used = 0;
    for (u32 i = 0; i < units; i++) {
        u32 point = wasm_load_u16(from + 2 * i);
        u32 next = i + 1 < units ? wasm_load_u16(from + 2 * (i + 1)) : 0;
        if (point >> 10 == 0x36 && next >> 10 == 0x37) {
            point = 0x10000 + ((point & 0x3ff) << 10) + (next & 0x3ff);
            i++;
        } else if (point >> 11 == 0x1b) point = 0xfffd;
        u32 more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        static const u8 marks[] = { 0, 0xc0, 0xe0, 0xf0 };
        out[used++] = (char)(marks[more] | point >> 6 * more);
        while (more-- > 0) out[used++] = (char)(0x80 | (point >> 6 * more & 0x3f));
        if (used > sizeof out - 4) {
            solo5_console_write(out, used);
            used = 0;
        }
    }
    solo5_console_write(out, used);
}

static void say_number(u32 value)
{
    char digits[11];
    u32 at = sizeof digits;
    digits[--at] = '\0';
    do digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    wasm_say(digits + at);
}

void env_abort(u32 message, u32 file, u32 line, u32 column)
{
    wasm_say("Uncaught: ");
    say_text(message);
    wasm_say("\n    at ");
    say_text(file);
    wasm_say(":");
    say_number(line);
    wasm_say(":");
    say_number(column);
    wasm_say("\n");
    solo5_exit(SOLO5_EXIT_FAILURE);
}

static void say_line(u32 text)
{
    say_text(text);
    wasm_say("\n");
}

void env_console_log(u32 text) { say_line(text); }
void env_console_info(u32 text) { say_line(text); }
void env_console_debug(u32 text) { say_line(text); }
void env_console_warn(u32 text) { say_line(text); }
void env_console_error(u32 text) { say_line(text); }

/* Of Math.random: hardware, or the clock where there is none. */
f64 env_seed(void)
{
    u64 word = solo5_clock_wall() ^ solo5_clock_monotonic();
    (void)random_bytes((u8 *)&word, sizeof word);
    return (f64)(word >> 11);
}

f64 env_Date_now(void) { return (f64)(solo5_clock_wall() / 1000000); }
f64 env_performance_now(void) { return (f64)solo5_clock_monotonic() / 1e6; }
