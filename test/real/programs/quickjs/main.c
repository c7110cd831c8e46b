/*
 * Runs a script by QuickJS-ng, which is WebAssembly from npm (@jitl/quickjs-ng-wasmfile-release-sync) that wasm2c made C
 * of, and prints its value. The names of one letter are the module's own: its JavaScript says what they stand for.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include "../script.h"
#include "qjs.h"

SCRIPT(start_js, "start.js");
SCRIPT(objects_js, "objects.js");
SCRIPT(text_js, "text.js");
static const struct script scripts[] = {
    { "start", start_js }, { "objects", objects_js }, { "text", text_js }, { NULL, NULL }
};

/* ---- What the code of wasm2c calls ---- */

#define PAGE 65536u
#define FIRST_PAGES 256u
#define MOST_PAGES 2048u

static wasm_rt_memory_t memory;

_Noreturn static void give_up(const char *why)
{
    printf("quickjs: %s\n", why);
    exit(1);
}

_Noreturn void wasm_rt_trap(wasm_rt_trap_t trap)
{
    (void)trap;
    give_up("a trap");
}

bool wasm_rt_is_initialized(void)
{
    return true;
}

/* Of two functions with the same type the numbers are the same. */
uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...)
{
    static char types[256][32];
    static uint32_t count;
    char type[32] = { 0 };
    va_list list;
    va_start(list, results);
    for (uint32_t i = 0; i < params + results; i++)
        type[i + (i >= params)] = (char)('a' + va_arg(list, wasm_rt_type_t));
    type[params] = '>';
    va_end(list);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(types[i], type) == 0) return i + 1;
    strcpy(types[count], type);
    return ++count;
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t size, uint32_t most)
{
    table->data = calloc(size, sizeof *table->data);
    table->size = size;
    table->max_size = most;
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table)
{
    free(table->data);
}

/* ---- What the module imports: emscripten's part of a C library ---- */

struct Z_a_instance_t {
    char none;
};

#define U32(at) (*(uint32_t *)(memory.data + (at)))

wasm_rt_memory_t *Z_aZ_a(struct Z_a_instance_t *host)
{
    (void)host;
    return &memory;
}

/* An assertion failed. */
void Z_aZ_b(struct Z_a_instance_t *host, u32 text, u32 file, u32 line, u32 function)
{
    (void)host, (void)file, (void)line, (void)function;
    give_up((const char *)memory.data + text);
}

/* fd_write */
u32 Z_aZ_c(struct Z_a_instance_t *host, u32 fd, u32 parts, u32 count, u32 written)
{
    (void)host, (void)fd;
    U32(written) = 0;
    for (u32 i = 0; i < count; i++) {
        u32 size = U32(parts + 8 * i + 4);
        fwrite(memory.data + U32(parts + 8 * i), 1, size, stdout);
        U32(written) += size;
    }
    return 0;
}

/* emscripten_resize_heap */
u32 Z_aZ_k(struct Z_a_instance_t *host, u32 size)
{
    (void)host;
    u32 pages = (size + PAGE - 1) / PAGE;
    if (pages > MOST_PAGES) return 0;
    if (pages > memory.pages) {
        memory.pages = pages;
        memory.size = pages * PAGE;
    }
    return 1;
}

/* The time of day in milliseconds, and clock_gettime: scripts print no times. */
f64 Z_aZ_p(struct Z_a_instance_t *host)
{
    (void)host;
    return (f64)time(NULL) * 1000;
}

u32 Z_aZ_q(struct Z_a_instance_t *host, u32 clock, u64 precision, u32 to)
{
    (void)host, (void)clock, (void)precision;
    *(u64 *)(memory.data + to) = (u64)time(NULL) * 1000000000;
    return 0;
}

/* localtime, in UTC: the fields are those of 1970, which no script asks for. */
void Z_aZ_m(struct Z_a_instance_t *host, u64 seconds, u32 to)
{
    (void)host, (void)seconds;
    memset(memory.data + to, 0, 44);
}

void Z_aZ_n(struct Z_a_instance_t *host, u32 zone, u32 daylight, u32 name, u32 summer_name)
{
    (void)host;
    U32(zone) = 0;
    U32(daylight) = 0;
    memcpy(memory.data + name, "UTC", 4);
    memcpy(memory.data + summer_name, "UTC", 4);
}

void Z_aZ_r(struct Z_a_instance_t *host)
{
    (void)host;
    give_up("aborted");
}

void Z_aZ_s(struct Z_a_instance_t *host, u32 status)
{
    (void)host;
    exit((int)status);
}

/* environ_sizes_get: none. */
u32 Z_aZ_f(struct Z_a_instance_t *host, u32 count, u32 size)
{
    (void)host;
    U32(count) = 0;
    U32(size) = 0;
    return 0;
}

/* Files, timers and callbacks are there for the linker only. */
#define REFUSED(result, name, ...)                         \
    result name(struct Z_a_instance_t *host, __VA_ARGS__)  \
    {                                                      \
        (void)host;                                        \
        give_up(#name);                                    \
    }
REFUSED(u32, Z_aZ_d, u32 a)
REFUSED(u32, Z_aZ_g, u32 a, u32 b, u32 c, u32 d)
REFUSED(u32, Z_aZ_h, u32 a, u32 b, u32 c)
REFUSED(u32, Z_aZ_i, u32 a)
REFUSED(u32, Z_aZ_j, u32 a, f64 b)
REFUSED(u32, Z_aZ_o, u32 a, u64 b, u32 c, u32 d)
REFUSED(u32, Z_aZ_t, u32 a, u32 b, u32 c, u32 d, u32 e)
REFUSED(void, Z_aZ_u, u32 a, u32 b)

u32 Z_aZ_e(struct Z_a_instance_t *host, u32 variables, u32 text)
{
    (void)host, (void)variables, (void)text;
    return 0;
}

void Z_aZ_l(struct Z_a_instance_t *host)
{
    (void)host;
}

/* ---- The run ---- */

static struct Z_a_instance_t host;
static Z_qjs_instance_t module;

static u32 in_module(const char *text)
{
    u32 at = Z_qjsZ_w(&module, (u32)strlen(text) + 1);
    strcpy((char *)memory.data + at, text);
    return at;
}

int main(int argc, char **argv)
{
    char *script = chosen_script(scripts, "const rounds = %s;\n", argc, argv);
    memory.data = mmap(NULL, MOST_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory.data == MAP_FAILED) give_up("no memory");
    memory.pages = FIRST_PAGES;
    memory.max_pages = MOST_PAGES;
    memory.size = FIRST_PAGES * PAGE;
    Z_qjs_init_module();
    Z_qjs_instantiate(&module, &host);
    Z_qjsZ_v(&module);
    u32 runtime = Z_qjsZ_L(&module);
    u32 context = Z_qjsZ_O(&module, runtime, 0);
    u32 value = Z_qjsZ_qa(&module, context, in_module(script), (u32)strlen(script), in_module("script"), 0, 0);
    printf("%s\n", (char *)memory.data + Z_qjsZ_pa(&module, context, value));
    return 0;
}
