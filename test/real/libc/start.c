/*
 * From solo5_app_main to main: heap, thread block, arguments. Leading words NAME=VALUE of the command line are the
 * environment, as env(1) has it.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "libc.h"
#include "solo5.h"

/* What the initial stack may use, as on Linux: it grows down from the end of the heap. */
#define STACK (8UL << 20)
#define WORDS 64

/* musl's record of a thread, which begins at the thread pointer; only what is used here. */
struct thread {
    struct thread *self;
    void *unused[4];
    uintptr_t canary;
    int id;
    char more[84];
    /* Mutexes that it holds: a ring. */
    void *mutexes;
    char rest[376];
};

_Static_assert(offsetof(struct thread, mutexes) == 136, "as in musl 1.2");

extern char **environ;
extern int main(int argc, char **argv);

static char *environment[WORDS + 1], *arguments[WORDS + 1];

static void make_thread(void)
{
    size_t block_size = solo5_tls_size(), align = 4096;
    char *block = pages_get(block_size + sizeof(struct thread) + align, 1);
    solo5_tls_init((uintptr_t)block);
    struct thread *thread = (struct thread *)solo5_tls_tp_offset((uintptr_t)block);
    thread->self = thread;
    thread->canary = 0x5bd1e995c2b2ae00;
    /* A mutex that is held names its holder, which must not be 0. */
    thread->id = 1;
    thread->mutexes = &thread->mutexes;
    solo5_set_tls_base((uintptr_t)thread);
}

static int split(char *words)
{
    int count = 0, variables = 0;
    arguments[count++] = "unikernel";
    for (char *word = strtok(words, " "); word != NULL && count < WORDS; word = strtok(NULL, " ")) {
        if (count == 1 && strchr(word, '=') != NULL && word[0] != '-') environment[variables++] = word;
        else arguments[count++] = word;
    }
    return count;
}

/* Not inlined: it runs with the new thread pointer. */
static __attribute__((noinline)) int run_main(const struct solo5_start_info *info)
{
    uselocale(LC_GLOBAL_LOCALE);
    char *words = pages_get(strlen(info->cmdline) + 1, 0);
    int count = split(strcpy(words, info->cmdline));
    environ = environment;
    exit(main(count, arguments));
}

int solo5_app_main(const struct solo5_start_info *info)
{
    uintptr_t end = info->heap_start + info->heap_size;
    pages_init(info->heap_start, info->heap_size > 2 * STACK ? end - STACK : end - info->heap_size / 2);
    make_thread();
    return run_main(info);
}
