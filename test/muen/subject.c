/*
 * A muen subject that is no work of the bindings: it finds its way by offsets, as docs/abi.md 9 has them, says over its log what
 * the subject info holds, and then sends back what comes on the channel `service0|in`, with a reader that stops for good once
 * it is overtaken. VERSION is that of the subject info, ABI that of the note.
 */
#include "elf_abi.h"
#include "mft_abi.h"
#include <stdint.h>

DECLARE_ELF_INTERP
ABI1_NOTE_DECLARE_BEGIN { .abi_target = 4, .abi_version = ABI } ABI1_NOTE_DECLARE_END

#define INFO     0xe00000000UL
#define SCHEDULE 0xe00008000UL

static uint64_t word(uint64_t at) { return *(volatile uint64_t *)at; }
static void put(uint64_t at, uint64_t value) { *(volatile uint64_t *)at = value; }
static uint32_t half(uint64_t at) { return *(volatile uint32_t *)at; }
static unsigned byte(uint64_t at) { return *(volatile uint8_t *)at; }
static void barrier(void) { __asm__ __volatile__("" ::: "memory"); }

/* ---- The log ---- */

static uint64_t channel_log, log_count, log_elements;
static unsigned used;

static void log_begin(uint64_t address, uint64_t size)
{
    channel_log = address;
    log_elements = (size - 64) / 64;
    put(address + 8, 0);
    put(address, 0x487312b6b79a9b6d);
    put(address + 16, 0xf00789094b6f70cf);
    put(address + 24, 64);
    put(address + 32, log_elements);
    put(address + 48, 0);
    put(address + 56, 0);
    barrier();
    put(address + 8, 1234);
}

static void log_flush(void)
{
    put(channel_log + 56, ++log_count);
    used = 0;
}

static void say_char(char c)
{
    uint64_t element = channel_log + 64 + log_count % log_elements * 64;
    if (used == 0) {
        put(channel_log + 48, log_count + 1);
        put(element, word(SCHEDULE));
        for (int i = 8; i < 64; i += 8)
            put(element + i, 0);
    }
    *(volatile char *)(element + 8 + used++) = c;
    if (c == '\n' || used == 56) log_flush();
}

static void say(const char *text)
{
    while (*text != '\0')
        say_char(*text++);
}

static void say_hex(uint64_t value)
{
    say("0x");
    for (int shift = 60; shift >= 0; shift -= 4)
        if (value >> shift != 0 || shift == 0) say_char("0123456789abcdef"[value >> shift & 15]);
}

/* ---- The subject info ---- */

struct found {
    uint64_t address, size;
    unsigned flags, is_channel;
};

static unsigned count(void)
{
    uint64_t at = INFO + (VERSION >= 5 ? 78 : 77);
    return byte(at) | byte(at + 1) << 8;
}

static int is_named(uint64_t resource, const char *name)
{
    unsigned length = byte(resource + 4);
    for (unsigned i = 0; i < length; i++)
        if (name[i] != (char)byte(resource + 5 + i)) return 0;
    return name[length] == '\0';
}

static struct found memory_at(uint64_t resource)
{
    if (VERSION == 2) {
        unsigned flags = byte(resource + 72 + 52);
        return (struct found){ half(resource + 76) | (uint64_t)half(resource + 80) << 32,
                               half(resource + 84) | (uint64_t)half(resource + 88) << 32, flags & 3, flags >> 2 & 1 };
    }
    return (struct found){ word(resource + 80), word(resource + 88), byte(resource + 74), byte(resource + 72) == 5 };
}

static uint64_t find(unsigned kind, const char *name)
{
    for (unsigned i = 0; i < count(); i++) {
        uint64_t resource = INFO + 80 + 128 * i;
        if (half(resource) == kind && is_named(resource, name)) return resource;
    }
    return 0;
}

static void tell_resources(void)
{
    for (unsigned i = 0; i < count(); i++) {
        uint64_t resource = INFO + 80 + 128 * i;
        for (unsigned k = 0; k < byte(resource + 4); k++)
            say_char((char)byte(resource + 5 + k));
        if (half(resource) == 2) {
            say(" event ");
            say_hex(byte(resource + 72));
        } else {
            struct found memory = memory_at(resource);
            say(memory.is_channel ? " channel" : " memory");
            say(memory.flags & 1 ? " rw " : " r ");
            say_hex(memory.address);
            say(" ");
            say_hex(memory.size);
        }
        say("\n");
    }
}

static void end(void)
{
    uint64_t event = find(2, "solo5_exit");
    __asm__ __volatile__("vmcall" : : "a"((uint64_t)byte(event + 72) + 7)); /* nobody's */
    say("Solo5: solo5_exit(7) called\n");
    __asm__ __volatile__("vmcall" : : "a"((uint64_t)byte(event + 72)));
    for (;;)
        __asm__ __volatile__("cli; hlt");
}

/* ---- Frames ---- */

#define ELEMENT 1516

static void echo(uint64_t in, uint64_t out, unsigned frames)
{
    uint64_t elements = (0x100000 - 64) / ELEMENT, epoch = 0, read = 0, sent = 0;
    put(out, 0x487312b6b79a9b6d);
    put(out + 16, 0x7ade5c549b08e814);
    put(out + 24, ELEMENT);
    put(out + 32, elements);
    put(out + 8, 99);
    while (sent < frames) {
        if (word(in + 8) != epoch) {
            if (word(in) != 0x487312b6b79a9b6d || word(in + 16) != 0x7ade5c549b08e814 || word(in + 24) != ELEMENT ||
                word(in + 32) != elements) {
                say("not the protocol\n");
                return;
            }
            epoch = word(in + 8);
            read = 0;
            continue;
        }
        uint64_t written = word(in + 56);
        if (written - read > elements) {
            say("overtaken\n");
            return;
        }
        if (written == read) {
            word(SCHEDULE);
            __asm__ __volatile__("pause");
            continue;
        }
        uint64_t from = in + 64 + read++ % elements * ELEMENT, to = out + 64 + sent % elements * ELEMENT;
        put(out + 48, sent + 1);
        for (unsigned i = 0; i < ELEMENT; i++)
            *(volatile uint8_t *)(to + i) = (uint8_t)byte(from + i);
        barrier();
        if (word(in + 8) == epoch && word(in + 48) - (read - 1) <= elements) put(out + 56, ++sent);
    }
    say("echoed all\n");
}

void _start(uint64_t boot) __attribute__((noreturn, section(".text.start")));

void _start(uint64_t boot)
{
    static const char magic[] = { 'm', 'u', 'i', 'n', 'f', 'o', 0, VERSION };
    for (unsigned i = 0; i < sizeof magic; i++)
        if (byte(INFO + i) != ((const volatile uint8_t *)magic)[i]) __asm__ __volatile__("ud2");
    struct found debuglog = memory_at(find(1, "debuglog"));
    log_begin(debuglog.address, debuglog.size);
    say("mem_size ");
    say_hex(word(boot));
    say(" arguments ");
    say((const char *)word(boot + 24));
    say("\n");
    tell_resources();
    /* Both of one frame: the next may begin between the reads. */
    uint64_t start, stop;
    do
        start = word(SCHEDULE), stop = word(SCHEDULE + 8);
    while (word(SCHEDULE) != start);
    say(stop > start ? "a frame has time\n" : "no frame\n");
    while (word(SCHEDULE) == start)
        __asm__ __volatile__("pause");
    say(word(SCHEDULE) >= stop ? "the next frame is later\n" : "time goes back\n");
    uint64_t time = memory_at(find(1, "time_info")).address;
    say("wall seconds ");
    say_hex(word(time) / 1000000 + word(SCHEDULE) / word(time + 8));
    say(half(INFO + 8) * 1000UL == word(time + 8) ? " at one rate\n" : " at two rates\n");
    uint64_t in = find(1, "service0|in"), out = find(1, "service0|out");
    if (in != 0 && out != 0) echo(memory_at(in).address, memory_at(out).address, 3000);
    end();
    __builtin_unreachable();
}
