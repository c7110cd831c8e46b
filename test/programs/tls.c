/*
 * Thread-local variables of the sizes and alignments that the test asks for: TDATA bytes with initial values at ALIGN,
 * and TBSS without at ZERO_ALIGN, none where 0. Two threads' blocks lie between bytes that nobody may touch.
 */
#include "solo5.h"

#define BEFORE 4096
#define SPACE  (BEFORE + TDATA + TBSS + 4 * (ALIGN + ZERO_ALIGN) + 64)
#define UNTOUCHED 0xa5

void *memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}

#if TDATA
static _Thread_local volatile _Alignas(ALIGN) unsigned char data[TDATA] = { 11, [TDATA - 1] = 33 };

static unsigned char initial(size_t i)
{
    return i == 0 ? 11 : i == TDATA - 1 ? 33 : 0;
}
#endif
#if TBSS
static _Thread_local volatile _Alignas(ZERO_ALIGN) unsigned char zero[TBSS];
#endif

/* A compiler may keep the thread pointer within a function, so that no other switches threads. */
__attribute__((noinline)) static int check_and_fill(void)
{
#if TDATA
    if ((uintptr_t)data % ALIGN != 0) return 1;
    for (size_t i = 0; i < TDATA; i++) {
        if (data[i] != initial(i)) return 2;
        data[i] = 44;
    }
#endif
#if TBSS
    if ((uintptr_t)zero % ZERO_ALIGN != 0) return 3;
    for (size_t i = 0; i < TBSS; i++) {
        if (zero[i] != 0) return 4;
        zero[i] = 55;
    }
#endif
    return 0;
}

static unsigned char space[2][SPACE];

/* Odd, so that the bindings have to find the alignment themselves. */
static unsigned char *block(int thread)
{
    return space[thread] + BEFORE + 1 + thread;
}

static bool is_untouched(int thread)
{
    for (unsigned char *byte = space[thread]; byte < space[thread] + SPACE; byte++)
        if ((byte < block(thread) || byte >= block(thread) + solo5_tls_size()) && *byte != UNTOUCHED) return false;
    return true;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    if (solo5_tls_size() > SPACE - BEFORE - 2) return 10;
    for (int thread = 0; thread < 2; thread++) {
        for (size_t i = 0; i < SPACE; i++)
            space[thread][i] = UNTOUCHED;
        for (size_t i = 0; i < solo5_tls_size(); i++)
            block(thread)[i] = 0;
        if (solo5_tls_init((uintptr_t)block(thread)) != SOLO5_R_OK) return 11;
    }
    for (int thread = 0; thread < 2; thread++) {
        uintptr_t pointer = solo5_tls_tp_offset((uintptr_t)block(thread));
        if (pointer % sizeof(pointer) != 0 || solo5_set_tls_base(pointer) != SOLO5_R_OK) return 12;
        int wrong = check_and_fill();
        if (wrong != 0) return 20 + wrong;
    }
    return is_untouched(0) && is_untouched(1) ? 0 : 13;
}
