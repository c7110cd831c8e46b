/*
 * switch-vm: a bytecode interpreter with one large switch, on a stack.
 */
#include "workload.h"

const char workload_name[] = "switch-vm";
const unsigned workload_rounds = 32000000;

enum { PUSH, LOAD, STORE, ADD, SUB, MUL, XOR, SHR, DUP, SWAP, JNZ, DROP, AND, HALT };

static const int16_t program[] = {
    LOAD, 0, PUSH, 3, MUL, LOAD, 1, ADD, DUP, PUSH, 5, SHR, XOR, STORE, 1, LOAD, 2, LOAD, 1, SWAP, SUB,
    PUSH, 0x7fff, AND, STORE, 2, LOAD, 0, PUSH, 1, SUB, DUP, STORE, 0, JNZ, 0, HALT,
};

uint64_t workload(unsigned rounds)
{
    uint64_t stack[16], locals[4] = {rounds, 12345, 6789, 0};
    uint64_t *sp = stack;
    const int16_t *pc = program;
    for (;;) {
        switch (*pc++) {
        case PUSH: *sp++ = (uint64_t)*pc++; break;
        case LOAD: *sp++ = locals[*pc++]; break;
        case STORE: locals[*pc++] = *--sp; break;
        case ADD: sp--; sp[-1] += sp[0]; break;
        case SUB: sp--; sp[-1] -= sp[0]; break;
        case MUL: sp--; sp[-1] *= sp[0]; break;
        case XOR: sp--; sp[-1] ^= sp[0]; break;
        case AND: sp--; sp[-1] &= sp[0]; break;
        case SHR: sp--; sp[-1] >>= sp[0] & 63; break;
        case DUP: *sp = sp[-1]; sp++; break;
        case SWAP: { uint64_t t = sp[-1]; sp[-1] = sp[-2]; sp[-2] = t; break; }
        case DROP: sp--; break;
        case JNZ: { int16_t to = *pc++; if (*--sp != 0) pc = program + to; break; }
        case HALT: return locals[1] * 31 + locals[2];
        }
    }
}
