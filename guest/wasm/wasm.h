/*
 * What C made of WebAssembly by src/wasm/to-c is written in: the core specification's numerics (4.3), memory with its
 * bounds, traps. A unikernel has one module, so its memory, globals and tables are plain variables.
 */
#ifndef SOLO5_WASM_H
#define SOLO5_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef float f32;
typedef double f64;

/* A function as a value; its type's number is the same for equal types. */
struct wasm_func {
    u32 type;
    void (*call)(void);
};
typedef const void *wasm_ref;

/* ---- Traps ---- */

enum wasm_trap {
    WASM_UNREACHABLE,
    WASM_MEMORY_BOUNDS,
    WASM_TABLE_BOUNDS,
    WASM_NULL_FUNCTION,
    WASM_FUNCTION_TYPE,
    WASM_DIVIDE_BY_ZERO,
    WASM_INTEGER_OVERFLOW,
    WASM_INVALID_CONVERSION,
    WASM_STACK_EXHAUSTED,
};

#define WASM_COLD __attribute__((cold, noinline, noreturn))
WASM_COLD void wasm_trap(enum wasm_trap why);

#define WASM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WASM_TRAP_IF(condition, why)                     \
    do {                                                 \
        if (WASM_UNLIKELY(condition)) wasm_trap(why);    \
    } while (0)

/* ---- The stack of calls, which is the machine's: below this nothing may be called ---- */

extern uintptr_t wasm_stack_limit;

static inline uintptr_t wasm_stack_pointer(void)
{
    uintptr_t at;
#if defined(__x86_64__)
    __asm__("movq %%rsp, %0" : "=r"(at));
#elif defined(__aarch64__)
    __asm__("mov %0, sp" : "=r"(at));
#else
#error "no stack pointer known"
#endif
    return at;
}

#define WASM_ENTER() WASM_TRAP_IF(wasm_stack_pointer() < wasm_stack_limit, WASM_STACK_EXHAUSTED)

/* ---- Memory ---- */

/* Where the linker puts it: an array's address is a constant of the code. */
extern u8 wasm_memory[];
/* In bytes. */
extern u64 wasm_memory_size;

/* Pages before, or 2^32 - 1. */
u32 wasm_memory_grow(u32 pages, u32 most);

/* (end) is what an access ends at behind (at). Guarded memory is the last thing there is: runtime.c. */
#ifdef WASM_MEMORY_GUARDED
#define WASM_CHECK(at, end) ((void)0)
#else
#define WASM_CHECK(at, end) WASM_TRAP_IF((u64)(u32)(at) + (end) > wasm_memory_size, WASM_MEMORY_BOUNDS)
#endif
#define WASM_AT(at, offset) (wasm_memory + ((u64)(u32)(at) + (offset)))

#define WASM_ACCESS(name, type)                                     \
    static inline type wasm_load_##name(const u8 *at)               \
    {                                                               \
        type value;                                                 \
        __builtin_memcpy(&value, at, sizeof value);                 \
        return value;                                               \
    }                                                               \
    static inline void wasm_store_##name(u8 *at, type value)        \
    {                                                               \
        __builtin_memcpy(at, &value, sizeof value);                 \
    }
WASM_ACCESS(u8, u8)
WASM_ACCESS(u16, u16)
WASM_ACCESS(u32, u32)
WASM_ACCESS(u64, u64)
WASM_ACCESS(s8, s8)
WASM_ACCESS(s16, s16)
WASM_ACCESS(s32, s32)
WASM_ACCESS(s64, s64)
WASM_ACCESS(f32, f32)
WASM_ACCESS(f64, f64)

/* A pointer whose origin the compiler does not see: clang 21 drops a copy within what has just been filled, also where the copy
 * reads behind the fill. */
#define WASM_SOURCE(pointer)               \
    ({                                     \
        __typeof__(pointer) at = pointer;  \
        __asm__("" : "+r"(at));            \
        at;                                \
    })

/* 4.3.3: a signalling NaN becomes a quiet one. Compilers take what was widened before for itself, unless they do not see it. */
static inline f32 wasm_demote(f64 value)
{
#if defined(__x86_64__)
    __asm__("" : "+x"(value));
#else
    __asm__("" : "+w"(value));
#endif
    return (f32)value;
}

#define WASM_RANGE(at, count, size, why) WASM_TRAP_IF((u64)(u32)(at) + (u32)(count) > (size), why)

static inline void wasm_memory_copy(u32 to, u32 from, u32 count)
{
    WASM_RANGE(to, count, wasm_memory_size, WASM_MEMORY_BOUNDS);
    WASM_RANGE(from, count, wasm_memory_size, WASM_MEMORY_BOUNDS);
    __builtin_memmove(wasm_memory + to, WASM_SOURCE(wasm_memory + from), count);
}

static inline void wasm_memory_fill(u32 to, u32 value, u32 count)
{
    WASM_RANGE(to, count, wasm_memory_size, WASM_MEMORY_BOUNDS);
    __builtin_memset(wasm_memory + to, (u8)value, count);
}

static inline void wasm_memory_init(u32 to, u32 from, u32 count, const u8 *data, u32 size)
{
    WASM_RANGE(from, count, size, WASM_MEMORY_BOUNDS);
    WASM_RANGE(to, count, wasm_memory_size, WASM_MEMORY_BOUNDS);
    __builtin_memcpy(wasm_memory + to, data + from, count);
}

/* ---- Tables ---- */

static inline wasm_ref wasm_table_get(const wasm_ref *table, u32 size, u32 at)
{
    WASM_TRAP_IF(at >= size, WASM_TABLE_BOUNDS);
    return table[at];
}

static inline void wasm_table_set(wasm_ref *table, u32 size, u32 at, wasm_ref value)
{
    WASM_TRAP_IF(at >= size, WASM_TABLE_BOUNDS);
    table[at] = value;
}

static inline void wasm_table_fill(wasm_ref *table, u32 size, u32 to, wasm_ref value, u32 count)
{
    WASM_RANGE(to, count, size, WASM_TABLE_BOUNDS);
    for (u32 i = 0; i < count; i++) table[to + i] = value;
}

static inline void wasm_table_copy(wasm_ref *table, u32 size, u32 to, const wasm_ref *source, u32 source_size,
                                   u32 from, u32 count)
{
    WASM_RANGE(from, count, source_size, WASM_TABLE_BOUNDS);
    WASM_RANGE(to, count, size, WASM_TABLE_BOUNDS);
    __builtin_memmove(table + to, WASM_SOURCE(source + from), count * sizeof *table);
}

static inline u32 wasm_table_grow(wasm_ref *table, u32 *size, u32 most, wasm_ref value, u32 count)
{
    u32 before = *size;
    if (count > most - before) return UINT32_MAX;
    for (u32 i = 0; i < count; i++) table[before + i] = value;
    *size = before + count;
    return before;
}

static inline const struct wasm_func *wasm_callee(const wasm_ref *table, u32 size, u32 at, u32 type)
{
    const struct wasm_func *found = wasm_table_get(table, size, at);
    WASM_TRAP_IF(found == NULL, WASM_NULL_FUNCTION);
    WASM_TRAP_IF(found->type != type, WASM_FUNCTION_TYPE);
    return found;
}

/* ---- Integers ---- */

#define WASM_INTEGERS(u, s, bits, smallest)                                                                 \
    static inline u wasm_div_s_##u(u a, u b)                                                                \
    {                                                                                                       \
        WASM_TRAP_IF(b == 0, WASM_DIVIDE_BY_ZERO);                                                          \
        WASM_TRAP_IF(a == smallest && b == (u)-1, WASM_INTEGER_OVERFLOW);                                   \
        return (u)((s)a / (s)b);                                                                            \
    }                                                                                                       \
    static inline u wasm_div_u_##u(u a, u b)                                                                \
    {                                                                                                       \
        WASM_TRAP_IF(b == 0, WASM_DIVIDE_BY_ZERO);                                                          \
        return a / b;                                                                                       \
    }                                                                                                       \
    static inline u wasm_rem_s_##u(u a, u b)                                                                \
    {                                                                                                       \
        WASM_TRAP_IF(b == 0, WASM_DIVIDE_BY_ZERO);                                                          \
        return b == (u)-1 ? 0 : (u)((s)a % (s)b);                                                           \
    }                                                                                                       \
    static inline u wasm_rem_u_##u(u a, u b)                                                                \
    {                                                                                                       \
        WASM_TRAP_IF(b == 0, WASM_DIVIDE_BY_ZERO);                                                          \
        return a % b;                                                                                       \
    }                                                                                                       \
    static inline u wasm_rotl_##u(u a, u b)                                                                 \
    {                                                                                                       \
        return a << (b & (bits - 1)) | a >> (-b & (bits - 1));                                              \
    }                                                                                                       \
    static inline u wasm_rotr_##u(u a, u b)                                                                 \
    {                                                                                                       \
        return a >> (b & (bits - 1)) | a << (-b & (bits - 1));                                              \
    }
WASM_INTEGERS(u32, s32, 32, 0x80000000u)
WASM_INTEGERS(u64, s64, 64, 0x8000000000000000u)

static inline u32 wasm_clz_u32(u32 a) { return a == 0 ? 32 : (u32)__builtin_clz(a); }
static inline u32 wasm_ctz_u32(u32 a) { return a == 0 ? 32 : (u32)__builtin_ctz(a); }
static inline u32 wasm_popcnt_u32(u32 a) { return (u32)__builtin_popcount(a); }
static inline u64 wasm_clz_u64(u64 a) { return a == 0 ? 64 : (u64)__builtin_clzll(a); }
static inline u64 wasm_ctz_u64(u64 a) { return a == 0 ? 64 : (u64)__builtin_ctzll(a); }
static inline u64 wasm_popcnt_u64(u64 a) { return (u64)__builtin_popcountll(a); }

/* ---- Floats ---- */

#define WASM_BITS(to, from)                            \
    static inline to wasm_##to##_of_##from(from value) \
    {                                                  \
        to bits;                                       \
        __builtin_memcpy(&bits, &value, sizeof bits);  \
        return bits;                                   \
    }
WASM_BITS(u32, f32)
WASM_BITS(u64, f64)
WASM_BITS(f32, u32)
WASM_BITS(f64, u64)

/* A constant whose value the compiler does not see: it would give x for x * 1, also where x is a NaN to be made quiet. */
#if defined(__x86_64__)
#define WASM_HIDDEN(value, type) ({ type hidden = (value); __asm__("" : "+x"(hidden)); hidden; })
#else
#define WASM_HIDDEN(value, type) ({ type hidden = (value); __asm__("" : "+w"(hidden)); hidden; })
#endif

/* Above (whole) every number is an integer. What is no number becomes quiet by an addition. */
#define WASM_FLOATS(f, s, suffix, whole)                                                                    \
    static inline f wasm_abs_##f(f a) { return __builtin_fabs##suffix(a); }                                 \
    static inline f wasm_copysign_##f(f a, f b) { return __builtin_copysign##suffix(a, b); }                \
    static inline f wasm_sqrt_##f(f a) { return __builtin_sqrt##suffix(a); }                                \
    static inline f wasm_min_##f(f a, f b)                                                                  \
    {                                                                                                       \
        if (a != a || b != b) return a + b;                                                                 \
        if (a == b) return __builtin_signbit(a) ? a : b;                                                    \
        return a < b ? a : b;                                                                               \
    }                                                                                                       \
    static inline f wasm_max_##f(f a, f b)                                                                  \
    {                                                                                                       \
        if (a != a || b != b) return a + b;                                                                 \
        if (a == b) return __builtin_signbit(a) ? b : a;                                                    \
        return a > b ? a : b;                                                                               \
    }                                                                                                       \
    static inline f wasm_trunc_##f(f a)                                                                     \
    {                                                                                                       \
        if (!(wasm_abs_##f(a) < whole)) return a != a ? a + a : a;                                          \
        return wasm_copysign_##f((f)(s)a, a);                                                               \
    }                                                                                                       \
    static inline f wasm_floor_##f(f a)                                                                     \
    {                                                                                                       \
        f whole_part = wasm_trunc_##f(a);                                                                   \
        return whole_part > a ? whole_part - 1 : whole_part;                                                \
    }                                                                                                       \
    static inline f wasm_ceil_##f(f a)                                                                      \
    {                                                                                                       \
        f whole_part = wasm_trunc_##f(a);                                                                   \
        return whole_part < a ? wasm_copysign_##f(whole_part + 1, a) : whole_part;                          \
    }                                                                                                       \
    static inline f wasm_nearest_##f(f a)                                                                   \
    {                                                                                                       \
        f size = wasm_abs_##f(a);                                                                           \
        if (!(size < whole)) return a != a ? a + a : a;                                                     \
        return wasm_copysign_##f(size + whole - whole, a);                                                  \
    }
WASM_FLOATS(f32, s32, f, 0x1p23f)
WASM_FLOATS(f64, s64, , 0x1p52)

/* Between (low) and (high), both not included, a float has an integer of that type. */
#define WASM_TRUNCATION(to, via, from, low, high)                                                           \
    static inline to wasm_trunc_##via##_##from(from a)                                                      \
    {                                                                                                       \
        WASM_TRAP_IF(a != a, WASM_INVALID_CONVERSION);                                                      \
        WASM_TRAP_IF(!(a > low && a < high), WASM_INTEGER_OVERFLOW);                                        \
        return (to)(via)a;                                                                                  \
    }                                                                                                       \
    static inline to wasm_trunc_sat_##via##_##from(from a)                                                  \
    {                                                                                                       \
        if (a > low && a < high) return (to)(via)a;                                                         \
        if (a != a) return 0;                                                                               \
        return a < 0 ? ((via)-1 < 0 ? (to)1 << (sizeof(to) * 8 - 1) : 0)                                    \
                     : ((via)-1 < 0 ? (to)-1 >> 1 : (to)-1);                                                \
    }
WASM_TRUNCATION(u32, s32, f32, -0x1.000002p31f, 0x1p31f)
WASM_TRUNCATION(u32, u32, f32, -1.0f, 0x1p32f)
WASM_TRUNCATION(u32, s32, f64, -2147483649.0, 0x1p31)
WASM_TRUNCATION(u32, u32, f64, -1.0, 0x1p32)
WASM_TRUNCATION(u64, s64, f32, -0x1.000002p63f, 0x1p63f)
WASM_TRUNCATION(u64, u64, f32, -1.0f, 0x1p64f)
WASM_TRUNCATION(u64, s64, f64, -0x1.0000000000001p63, 0x1p63)
WASM_TRUNCATION(u64, u64, f64, -1.0, 0x1p64)

/* ---- The module ---- */

/* Gives memory, globals and tables their first values and runs the start function. The memory must have its least size. */
void wasm_instantiate(void);

#endif
