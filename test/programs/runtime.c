/*
 * What the compiler's runtime computes: a line for each function with a hash of its results for many arguments. The
 * same source is a Linux program with libgcc (-DHOST) and a unikernel with ours.
 */
#ifdef HOST
#include <stdint.h>
#include <stdio.h>
#else
#include "solo5.h"
#endif

typedef __int128 ti;
typedef unsigned __int128 uti;
typedef int64_t di;
typedef uint64_t udi;
typedef float sf;
typedef double df;
typedef long double xf;
typedef __float128 tf;

static udi state;

/* Of all lengths: functions behave otherwise for small numbers, for large, and at powers of two. */
static udi random_di(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    udi x = state ^ state >> 29;
    udi value = x >> (x & 63);
    return x & 64 ? value : x & 128 ? (udi)1 << (x >> 8 & 63) : 0 - value;
}
static ti random_ti(void)
{
    udi high = random_di(), low = random_di();
    uti value = (uti)high << 64 | low;
    return (ti)(low & 1 ? value : value >> (high & 127));
}
static df random_df(void)
{
    di whole = (di)random_di();
    return (df)whole / (df)(random_di() % 1000 + 1);
}
static tf random_tf(void)
{
    return (tf)random_df() + (tf)1 / ((tf)(di)random_di() + (tf)0.5);
}

static udi hash;

static void mix(const void *value, int size)
{
    for (int i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)value)[i]) * 1099511628211u;
}

static void report(const char *name)
{
    char line[64];
    int at = 0;
    while (*name)
        line[at++] = *name++;
    line[at++] = ' ';
    for (int i = 60; i >= 0; i -= 4)
        line[at++] = "0123456789abcdef"[hash >> i & 15];
    line[at++] = '\n';
#ifdef HOST
    fwrite(line, 1, (size_t)at, stdout);
#else
    solo5_console_write(line, (size_t)at);
#endif
}

/* Of a long double, 10 bytes are its value. */
#define BYTES(type) (__builtin_types_compatible_p(type, xf) ? 10 : (int)sizeof(type))
#define RUN(name, result_type, ...)                                                                                    \
    hash = 14695981039346656037u;                                                                                      \
    state = 1;                                                                                                         \
    for (int i = 0; i < 500; i++) {                                                                                    \
        __VA_ARGS__;                                                                                                   \
        mix(&r, BYTES(result_type));                                                                                   \
    }                                                                                                                  \
    report(#name);

#define UNARY(name, R, A, a_)                                                                                      \
    {                                                                                                                  \
        extern R name(A);                                                                                              \
        RUN(name, R, A a = (A)a_(); R r = name(a))                                                                     \
    }
#define BINARY(name, R, A, a_, B, b_)                                                                                  \
    {                                                                                                                  \
        extern R name(A, B);                                                                                           \
        RUN(name, R, A a = (A)a_(); B b = (B)b_(); R r = name(a, b))                                                   \
    }

static uti random_divisor(void)
{
    uti value = (uti)random_ti();
    return value == 0 ? 1 : value;
}
static int random_shift(void)
{
    return (int)(random_di() & 127);
}
static di random_odd(void)
{
    return (di)(random_di() | 1);
}
static di random_half(void)
{
    return (di)random_di() >> 33;
}
static ti random_half_ti(void)
{
    return random_ti() >> 66;
}
static int random_power(void)
{
    return (int)(random_di() % 20) - 6;
}
/* Within what every integer type holds, and nothing is rounded away on the way. */
static df random_small(void)
{
    return (df)((di)random_di() >> 40) / 4;
}
static df random_positive(void)
{
    df value = random_small();
    return value < 0 ? -value : value;
}
/* To 2^127. */
static df random_large(void)
{
    return (df)(random_ti() >> 2);
}
static df random_large_positive(void)
{
    df value = random_large();
    return value < 0 ? -value : value;
}

static void integers(void)
{
    BINARY(__divti3, ti, ti, random_ti, ti, random_divisor)
    BINARY(__modti3, ti, ti, random_ti, ti, random_divisor)
    BINARY(__udivti3, uti, uti, random_ti, uti, random_divisor)
    BINARY(__umodti3, uti, uti, random_ti, uti, random_divisor)
    BINARY(__multi3, ti, ti, random_ti, ti, random_ti)
    BINARY(__ashlti3, ti, ti, random_ti, int, random_shift)
    BINARY(__ashrti3, ti, ti, random_ti, int, random_shift)
    BINARY(__lshrti3, ti, ti, random_ti, int, random_shift)
    BINARY(__cmpti2, int, ti, random_ti, ti, random_ti)
    BINARY(__ucmpti2, int, uti, random_ti, uti, random_ti)
    BINARY(__addvdi3, di, di, random_half, di, random_half)
    BINARY(__subvdi3, di, di, random_half, di, random_half)
    BINARY(__mulvdi3, di, di, random_half, di, random_half)
    BINARY(__addvti3, ti, ti, random_half_ti, ti, random_half_ti)
    BINARY(__subvti3, ti, ti, random_half_ti, ti, random_half_ti)
    BINARY(__mulvti3, ti, ti, random_half_ti, ti, random_half_ti)
    UNARY(__negti2, ti, ti, random_ti)
    UNARY(__absvti2, ti, ti, random_half_ti)
    UNARY(__absvdi2, di, di, random_half)
    UNARY(__clzdi2, int, di, random_odd)
    UNARY(__ctzti2, int, ti, random_divisor)
    UNARY(__clzti2, int, ti, random_divisor)
    UNARY(__ffsti2, int, ti, random_ti)
    UNARY(__ffsdi2, int, di, random_di)
    UNARY(__paritydi2, int, di, random_di)
    UNARY(__parityti2, int, ti, random_ti)
    UNARY(__popcountdi2, int, di, random_di)
    UNARY(__popcountti2, int, ti, random_ti)
    UNARY(__clrsbdi2, int, di, random_di)
    UNARY(__clrsbti2, int, ti, random_ti)
    UNARY(__bswapdi2, di, di, random_di)
}

static void conversions(void)
{
    UNARY(__floattisf, sf, ti, random_ti)
    UNARY(__floattidf, df, ti, random_ti)
    UNARY(__floattixf, xf, ti, random_ti)
    UNARY(__floattitf, tf, ti, random_ti)
    UNARY(__floatuntisf, sf, uti, random_ti)
    UNARY(__floatuntidf, df, uti, random_ti)
    UNARY(__floatuntixf, xf, uti, random_ti)
    UNARY(__floatuntitf, tf, uti, random_ti)
    UNARY(__floatditf, tf, di, random_di)
    UNARY(__floatunditf, tf, udi, random_di)
    UNARY(__floatsitf, tf, int, random_half)
    UNARY(__fixsfti, ti, sf, random_large)
    UNARY(__fixdfti, ti, df, random_large)
    UNARY(__fixxfti, ti, xf, random_large)
    UNARY(__fixtfti, ti, tf, random_large)
    UNARY(__fixunssfti, uti, sf, random_large_positive)
    UNARY(__fixunsdfti, uti, df, random_large_positive)
    UNARY(__fixunsxfti, uti, xf, random_large_positive)
    UNARY(__fixunstfti, uti, tf, random_large_positive)
    UNARY(__fixunssfdi, udi, sf, random_positive)
    UNARY(__fixunsdfdi, udi, df, random_positive)
    UNARY(__fixunsxfdi, udi, xf, random_positive)
    UNARY(__fixunstfdi, udi, tf, random_positive)
    UNARY(__fixtfdi, di, tf, random_small)
    UNARY(__fixtfsi, int, tf, random_small)
    UNARY(__extenddftf2, tf, df, random_df)
    UNARY(__extendsftf2, tf, sf, random_df)
    UNARY(__extendxftf2, tf, xf, random_tf)
    UNARY(__trunctfdf2, df, tf, random_tf)
    UNARY(__trunctfsf2, sf, tf, random_tf)
    UNARY(__trunctfxf2, xf, tf, random_tf)
}

extern int __eqtf2(tf, tf), __lttf2(tf, tf), __getf2(tf, tf), __unordtf2(tf, tf);
extern _Complex double __muldc3(df, df, df, df), __divdc3(df, df, df, df);

static void floats(void)
{
    BINARY(__addtf3, tf, tf, random_tf, tf, random_tf)
    BINARY(__subtf3, tf, tf, random_tf, tf, random_tf)
    BINARY(__multf3, tf, tf, random_tf, tf, random_tf)
    BINARY(__divtf3, tf, tf, random_tf, tf, random_tf)
    UNARY(__negtf2, tf, tf, random_tf)
    BINARY(__powidf2, df, df, random_power, int, random_power)
    RUN(__eqtf2, int, tf a = random_tf(); tf b = i & 1 ? a : random_tf(); int r = __eqtf2(a, b) != 0)
    RUN(__lttf2, int, tf a = random_tf(), b = random_tf(); int r = __lttf2(a, b) < 0)
    RUN(__getf2, int, tf a = random_tf(), b = random_tf(); int r = __getf2(a, b) >= 0)
    RUN(__unordtf2, int, tf a = random_tf(), b = random_tf(); int r = __unordtf2(a, b) != 0)
    RUN(__muldc3, df, df a = random_small(), b = random_small(), c = random_small(), d = random_small();
        _Complex double product = __muldc3(a, b, c, d); df r = __real__ product + __imag__ product)
    /* By powers of two, so that nothing is rounded: algorithms differ in the last bit. */
    RUN(__divdc3, df, df a = random_small(), b = random_small(), c = (df)(1 << random_shift() % 20);
        _Complex double ratio = __divdc3(a, b, c, 0); df r = __real__ ratio + __imag__ ratio)
}

static void all(void)
{
    integers();
    conversions();
    floats();
}

#ifdef HOST
int main(void)
{
    all();
    return 0;
}
#else
void *memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    all();
    return 0;
}
#endif
