/*
 * A muen subject that has no log, and whose end is as others' bindings have it: a function of its own gets the status, asks for the
 * event without telling anything in registers, and halts.
 */
#include "elf_abi.h"
#include "mft_abi.h"
#include <stdint.h>

DECLARE_ELF_INTERP
ABI1_NOTE_DECLARE_BEGIN { .abi_target = 4, .abi_version = ABI } ABI1_NOTE_DECLARE_END

static const volatile char magic[] = { 'm', 'u', 'i', 'n', 'f', 'o', 0, VERSION };

void platform_exit(int status, void *cookie) __attribute__((noreturn));

/* In a file of its own with others: no compiler knows here that it does not look at its arguments. */
__asm__(".text\n"
        "platform_exit:\n"
        "    mov $1, %eax\n"
        "    xor %edi, %edi\n"
        "    xor %esi, %esi\n"
        "    vmcall\n"
        "1:  cli\n"
        "    hlt\n"
        "    jmp 1b\n");

void _start(uint64_t boot) __attribute__((noreturn, section(".text.start")));

/* The status is the last argument, a number. */
void _start(uint64_t boot)
{
    const char *text = *(const char **)(boot + 24);
    int status = 0;
    (void)magic[0];
    for (; *text != '\0'; text++)
        status = *text == ' ' ? 0 : status * 10 + (*text - '0');
    platform_exit(status, (void *)0);
}
