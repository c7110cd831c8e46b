/*
 * tls: thread-local variables of two threads, whose segment has initialised and zeroed parts of unlike alignment.
 */
#include "test.h"

#define BLOCK_SIZE 4096

static _Thread_local volatile uint64_t initialised = 0x1122334455667788;
static _Thread_local volatile uint32_t zeroed;
static _Thread_local volatile _Alignas(64) uint8_t aligned[3];

/* The second one is not aligned at all. */
static char memory[2 * BLOCK_SIZE + 1];
static char *const blocks[2] = { memory, memory + BLOCK_SIZE + 1 };

static void enter_thread(int thread)
{
    solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)blocks[thread]));
}

/*
 * A compiler may read the thread pointer once in a function and keep it: variables are used only in functions that
 * switch no threads and are not inlined into one that does.
 */

/* What is wrong with the variables of the current thread, which ought to be as at its start, or NULL. */
__attribute__((noinline)) static const char *check_fresh(void)
{
    if (initialised != 0x1122334455667788) return "an initialised variable is wrong";
    if (zeroed != 0 || aligned[0] != 0 || aligned[2] != 0) return "an uninitialised variable is not zero";
    if ((uintptr_t)aligned % 64 != 0) return "a variable is not aligned";
    return NULL;
}

__attribute__((noinline)) static void mark(int thread)
{
    initialised = 100 + (uint64_t)thread;
    zeroed = 200 + (uint32_t)thread;
    aligned[2] = (uint8_t)(thread + 1);
}

__attribute__((noinline)) static bool is_marked(int thread)
{
    return initialised == 100 + (uint64_t)thread && zeroed == 200 + (uint32_t)thread && aligned[2] == thread + 1;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_tls");
    if (solo5_tls_size() > BLOCK_SIZE) return failure("a block is too large");
    if (solo5_tls_init(0) != SOLO5_R_EINVAL) return failure("a NULL block was taken");

    for (int thread = 0; thread < 2; thread++) {
        if (solo5_tls_init((uintptr_t)blocks[thread]) != SOLO5_R_OK) return failure("solo5_tls_init failed");
        enter_thread(thread);
        const char *why = check_fresh();
        if (why != NULL) return failure(why);
        mark(thread);
    }
    for (int thread = 0; thread < 2; thread++) {
        enter_thread(thread);
        if (!is_marked(thread)) return failure("one thread sees the other's variables");
    }
    return success();
}
