/*
 * C by way of WASI: npx zig cc --target=wasm32-wasi -O2 count.c -o count.wasm && npx solo5 build count.wasm --files . -o count -- count.c
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "count.c";
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        printf("%s: no such file\n", path);
        return 1;
    }
    int lines = 0;
    for (int c; (c = fgetc(file)) != EOF;) lines += c == '\n';
    printf("%s has %d lines\n", path, lines);
    return 0;
}
