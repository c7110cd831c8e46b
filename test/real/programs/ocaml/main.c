/*
 * Starts an OCaml program that is an object file. OCaml 5 reserves memory for as many domains as it may have: here one.
 */
#include <stdlib.h>

extern void caml_main(char **argv);

int main(int argc, char **argv)
{
    (void)argc;
    setenv("OCAMLRUNPARAM", "d=1", 0);
    caml_main(argv);
    return 0;
}
