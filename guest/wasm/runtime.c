/*
 * What C made of WebAssembly needs of a unikernel: linear memory behind the image, up to the stack; traps, which end the
 * unikernel with one line; and what compilers call.
 *
 * Guarded, the stack lies in front of linear memory, from (wasm_stack_base) on, and nothing behind it: in a process of spt, and
 * under hvt on x86-64, whose tables map memory alone.
 */
#include "wasm.h"
#include "runtime.h"
#include "solo5.h"

#define PAGE 65536ul

u64 wasm_memory_size;
uintptr_t wasm_stack_limit;
size_t wasm_stack_size;

/* What the machine's stack may take, and the bytes below it that stay free: for what is called at its end. */
#define STACK_SIZE (32ul << 20)
#define STACK_RESERVE (64ul << 10)

/* Where linear memory has to end. */
static uintptr_t memory_end;

static size_t length(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0') size++;
    return size;
}

void wasm_say(const char *text)
{
    solo5_console_write(text, length(text));
}

static void no_room(void)
{
    wasm_say("wasm: the devices of this target reach into linear memory\n");
    solo5_exit(SOLO5_EXIT_FAILURE);
}

#ifdef WASM_MEMORY_GUARDED
extern u8 wasm_stack_base[];

void wasm_runtime_init(const struct solo5_start_info *info)
{
    if (info->heap_start > (uintptr_t)wasm_stack_base) no_room();
    wasm_stack_size = (uintptr_t)wasm_memory - (uintptr_t)wasm_stack_base;
    memory_end = info->heap_start + info->heap_size;
    wasm_stack_limit = (uintptr_t)wasm_stack_base + STACK_RESERVE;
}

void wasm_run(void (*run)(void))
{
    __asm__ volatile(
#if defined(__x86_64__)
        "movq %0, %%rsp; call *%1"
#else
        "mov sp, %0; blr %1"
#endif
        : : "r"(wasm_memory), "r"(run) : "memory");
    solo5_exit(SOLO5_EXIT_SUCCESS);
}
#else
void wasm_run(void (*run)(void))
{
    run();
    solo5_exit(SOLO5_EXIT_SUCCESS);
}

void wasm_runtime_init(const struct solo5_start_info *info)
{
    uintptr_t end = info->heap_start + info->heap_size;
    size_t stack = info->heap_size / 3 < STACK_SIZE ? info->heap_size / 3 : STACK_SIZE;
    if (info->heap_start > (uintptr_t)wasm_memory) no_room();
    wasm_stack_size = stack;
    memory_end = end - stack;
    wasm_stack_limit = end - stack + STACK_RESERVE;
}
#endif

bool wasm_memory_init_size(u64 size)
{
    if ((uintptr_t)wasm_memory > memory_end || size > memory_end - (uintptr_t)wasm_memory) return false;
    wasm_memory_size = size;
    return true;
}

u32 wasm_memory_grow(u32 pages, u32 most)
{
    u32 before = (u32)(wasm_memory_size / PAGE);
    u64 size = wasm_memory_size + pages * PAGE;
    if (size > most * PAGE || size > memory_end - (uintptr_t)wasm_memory) return UINT32_MAX;
#ifdef WASM_MEMORY_UNCLEARED
    __builtin_memset(wasm_memory + wasm_memory_size, 0, pages * PAGE);
#endif
    wasm_memory_size = size;
    return before;
}

const char *wasm_trap_text(enum wasm_trap why)
{
    static const char *const texts[] = {
        [WASM_UNREACHABLE] = "unreachable",
        [WASM_MEMORY_BOUNDS] = "memory access out of bounds",
        [WASM_TABLE_BOUNDS] = "table index is out of bounds",
        [WASM_NULL_FUNCTION] = "null function",
        [WASM_FUNCTION_TYPE] = "function signature mismatch",
        [WASM_DIVIDE_BY_ZERO] = "divide by zero",
        [WASM_INTEGER_OVERFLOW] = "integer overflow",
        [WASM_INVALID_CONVERSION] = "invalid conversion to integer",
        [WASM_STACK_EXHAUSTED] = "call stack exhausted",
    };
    return texts[why];
}

/* ---- What compilers call ---- */

void *memcpy(void *to, const void *from, size_t size)
{
#if defined(__x86_64__)
    void *result = to;
    if (size >= 128) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
        return result;
    }
#else
    void *result = to;
#endif
    u8 *a = to;
    const u8 *b = from;
    for (; size >= 8; size -= 8, a += 8, b += 8) {
        u64 word;
        __builtin_memcpy(&word, b, 8);
        __builtin_memcpy(a, &word, 8);
    }
    while (size-- > 0) *a++ = *b++;
    return result;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size) return memcpy(to, from, size);
    u8 *a = (u8 *)to + size;
    const u8 *b = (const u8 *)from + size;
    for (; size >= 8; size -= 8) {
        u64 word;
        a -= 8, b -= 8;
        __builtin_memcpy(&word, b, 8);
        __builtin_memcpy(a, &word, 8);
    }
    while (size-- > 0) *--a = *--b;
    return to;
}

void *memset(void *to, int value, size_t size)
{
    void *result = to;
#if defined(__x86_64__)
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
#else
    for (volatile u8 *at = to; size-- > 0; at++) *at = (u8)value;
#endif
    return result;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const u8 *x = a, *y = b;
    for (; size > 0; size--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}
