/*
 * Starts an OCaml program that is an object file. OCaml 5 reserves memory for as many domains as it may
 * have, here one; its stack may have 8 MB, as Linux gives OCaml 4.
 */
#include <stdlib.h>

extern void caml_main(char **argv);

int main(int argc, char **argv)
{
    (void)argc;
    setenv("OCAMLRUNPARAM", "d=1,l=1M", 0);
    caml_main(argv);
    return 0;
}
