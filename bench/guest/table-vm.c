/*
 * table-vm: a bytecode interpreter that calls a function by table for every instruction.
 */
#include "workload.h"

const char workload_name[] = "table-vm";
const unsigned workload_rounds = 48000000;

struct vm {
    uint64_t registers[8];
    uint32_t pc;
};
typedef void operation(struct vm *vm, unsigned a, unsigned b);

static void add(struct vm *vm, unsigned a, unsigned b) { vm->registers[a] += vm->registers[b]; }
static void xor(struct vm *vm, unsigned a, unsigned b) { vm->registers[a] ^= vm->registers[b]; }
static void multiply(struct vm *vm, unsigned a, unsigned b) { vm->registers[a] *= vm->registers[b] | 1; }
static void shift(struct vm *vm, unsigned a, unsigned b) { vm->registers[a] = vm->registers[a] << b | vm->registers[a] >> (64 - b); }
static void immediate(struct vm *vm, unsigned a, unsigned b) { vm->registers[a] += b; }
static void decrement(struct vm *vm, unsigned a, unsigned b) { (void)b; vm->registers[a]--; }
static void jump_nonzero(struct vm *vm, unsigned a, unsigned b) { if (vm->registers[a] != 0) vm->pc = b; }
static void halt(struct vm *vm, unsigned a, unsigned b) { (void)a; (void)b; vm->pc = 1000; }

static operation *const operations[] = {add, xor, multiply, shift, immediate, decrement, jump_nonzero, halt};
static const uint8_t program[][3] = {
    {4, 1, 77}, {0, 2, 1}, {1, 3, 2}, {2, 4, 3}, {3, 4, 13}, {0, 1, 4}, {5, 0, 0}, {6, 0, 0}, {7, 0, 0},
};

uint64_t workload(unsigned rounds)
{
    struct vm vm = {{rounds, 1, 2, 3, 4, 5, 6, 7}, 0};
    while (vm.pc < sizeof program / sizeof program[0]) {
        const uint8_t *at = program[vm.pc++];
        operations[at[0]](&vm, at[1], at[2]);
    }
    return vm.registers[4] ^ vm.registers[1];
}
