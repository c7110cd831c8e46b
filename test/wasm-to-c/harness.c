#include "harness.h"

void *harness_frame[5];
static u64 hash = 0xcbf29ce484222325;

void harness_word(u64 value)
{
    hash = (hash ^ value) * 0x100000001b3;
}

WASM_COLD void wasm_trap(enum wasm_trap why)
{
    /* As V8 tells them apart. */
    static const u8 classes[] = {
        [WASM_UNREACHABLE] = 1,      [WASM_MEMORY_BOUNDS] = 2,    [WASM_TABLE_BOUNDS] = 3,
        [WASM_NULL_FUNCTION] = 4,    [WASM_FUNCTION_TYPE] = 4,    [WASM_DIVIDE_BY_ZERO] = 5,
        [WASM_INTEGER_OVERFLOW] = 6, [WASM_INVALID_CONVERSION] = 6, [WASM_STACK_EXHAUSTED] = 7,
    };
    harness_word(0xdead0000 + classes[why]);
    __builtin_longjmp(harness_frame, 1);
}

void harness_begin(const struct solo5_start_info *info, u64 memory)
{
    wasm_runtime_init(info);
    if (!wasm_memory_init_size(memory)) {
        wasm_say("no memory\n");
        solo5_exit(1);
    }
    wasm_instantiate();
}

void harness_print(void)
{
    char text[17];
    for (int i = 0; i < 16; i++) text[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    text[16] = '\n';
    solo5_console_write(text, sizeof text);
    hash = 0xcbf29ce484222325;
}
