/*
 * What libgcc has and Zig's compiler_rt does not, as the GCC internals manual ("The GCC low-level runtime library")
 * names it: arithmetic that traps where it overflows, and counts of leading sign bits.
 */
typedef long long int64;
typedef __int128 int128;

/* As all of the runtime: whoever has the same function may link both. */
#define RUNTIME __attribute__((weak, visibility("hidden")))

RUNTIME int64 __mulvdi3(int64 a, int64 b);
RUNTIME int128 __addvti3(int128 a, int128 b);
RUNTIME int128 __subvti3(int128 a, int128 b);
RUNTIME int128 __mulvti3(int128 a, int128 b);
RUNTIME int __clrsbdi2(int64 a);
RUNTIME int __clrsbti2(int128 a);

int64 __mulvdi3(int64 a, int64 b)
{
    int64 result;
    if (__builtin_mul_overflow(a, b, &result)) __builtin_trap();
    return result;
}

int128 __addvti3(int128 a, int128 b)
{
    int128 result;
    if (__builtin_add_overflow(a, b, &result)) __builtin_trap();
    return result;
}

int128 __subvti3(int128 a, int128 b)
{
    int128 result;
    if (__builtin_sub_overflow(a, b, &result)) __builtin_trap();
    return result;
}

int128 __mulvti3(int128 a, int128 b)
{
    int128 result;
    if (__builtin_mul_overflow(a, b, &result)) __builtin_trap();
    return result;
}

/* How many bits below the sign bit are copies of it. */
int __clrsbdi2(int64 a)
{
    int64 difference = (a ^ a >> 63) << 1;
    return difference == 0 ? 63 : __builtin_clzll((unsigned long long)difference);
}

int __clrsbti2(int128 a)
{
    int64 high = (int64)(a >> 64), low = (int64)a;
    int sign = (int)(high >> 63);
    if (high != sign) return __clrsbdi2(high);
    low ^= sign;
    return 63 + (low == 0 ? 64 : __builtin_clzll((unsigned long long)low));
}

#if defined(__aarch64__)
/* Old-style atomics (__sync_*), of which gcc makes calls with -moutline-atomics: a barrier on both sides. */
#define ATOMIC(name, builtin, size, type)                                                                              \
    RUNTIME type __aarch64_##name##size##_sync(type value, type *at);                                                  \
    type __aarch64_##name##size##_sync(type value, type *at)                                                           \
    {                                                                                                                  \
        return builtin;                                                                                                \
    }
#define SWAP(size, type)                                                                                               \
    RUNTIME type __aarch64_cas##size##_sync(type expected, type desired, type *at);                                    \
    type __aarch64_cas##size##_sync(type expected, type desired, type *at)                                             \
    {                                                                                                                  \
        return __sync_val_compare_and_swap(at, expected, desired);                                                     \
    }
#define ATOMICS(size, type)                                                                                            \
    SWAP(size, type)                                                                                                   \
    ATOMIC(swp, __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST), size, type)                                          \
    ATOMIC(ldadd, __sync_fetch_and_add(at, value), size, type)                                                         \
    ATOMIC(ldclr, __sync_fetch_and_and(at, (type)~value), size, type)                                                  \
    ATOMIC(ldeor, __sync_fetch_and_xor(at, value), size, type)                                                         \
    ATOMIC(ldset, __sync_fetch_and_or(at, value), size, type)

ATOMICS(1, unsigned char)
ATOMICS(2, unsigned short)
ATOMICS(4, unsigned int)
ATOMICS(8, unsigned long)
SWAP(16, unsigned __int128)
#endif
