/*
 * What the hvt bindings do to the machine, on x86-64: all that whoever has it to himself can do.
 */
#include "../../common/x86-64/privileged.h"
