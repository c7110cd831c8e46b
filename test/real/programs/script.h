/*
 * Scripts are part of the program: there are no files. Each is told how many rounds to make.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Defines `name` as the text of the file beside the program; SCRIPTS is its folder. */
#define SCRIPT(name, file)                                                                                   \
    __asm__(".section .rodata\n.globl " #name "\n" #name ":\n.incbin \"" SCRIPTS "/" file "\"\n.byte 0\n.previous\n"); \
    extern const char name[]

struct script {
    const char *name, *text;
};

/* The script that argv[1] names, behind a line `declaration` with argv[2], the rounds, in place of its %s. */
static char *chosen_script(const struct script *scripts, const char *declaration, int argc, char **argv)
{
    for (; argc > 1 && scripts->name != NULL; scripts++) {
        if (strcmp(scripts->name, argv[1]) != 0) continue;
        size_t room = strlen(declaration) + strlen(scripts->text) + 32;
        char *text = malloc(room);
        int length = snprintf(text, room, declaration, argc > 2 ? argv[2] : "1");
        strcpy(text + length, scripts->text);
        return text;
    }
    fprintf(stderr, "usage: SCRIPT [ROUNDS]\n");
    exit(2);
}
