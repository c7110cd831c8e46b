// The text of a generated program, for the assembler: its functions, and `shape_run`, which calls them until no steps are left
// and gives a checksum of everything that was computed.
import { random } from "../x86-64/random.js";
import { functionName, functionText, pointers } from "./functions.js";
import type { Shape } from "./shape.js";
import { accumulators, at, base, choose, depthLeft, randomState, stateSize, stepsLeft } from "./state.js";

const vectors = Array.from({ length: 8 }, (_, n) => `xmm${n}`);
const calleeSaved = ["rbx", "rbp", "r12", "r13", "r14", "r15"];

/** `uint64_t shape_run(uint64_t steps, uintptr_t stack)`: on the stack that ends at `stack`. */
export function programText(shape: Shape, seed: number): string {
  const source = random(seed);
  const functions = Array.from({ length: shape.functions }, (_, n) => functionText(shape, n, source));
  const state = (offset: number) => `[${base} + ${offset}]`;
  const lines = [
    ".intel_syntax noprefix",
    ".text",
    ".globl shape_run",
    "shape_run:",
    ...calleeSaved.map((register) => `push ${register}`),
    `lea ${base}, [rip + state]`,
    `mov ${state(at.callerStack)}, rsp`,
    "mov rsp, rsi",
    `mov ${stepsLeft}, rdi`,
    `mov ${depthLeft}d, ${shape.depth}`,
    `mov ${randomState}, ${source.below(0x7fff_ffff)}`,
    ...accumulators.map((register, n) => `imul ${register}, ${randomState}, ${2 * n + 3}`),
    ...vectors.flatMap((vector, n) => [`movq ${vector}, ${accumulators[n]}`, `punpcklqdq ${vector}, ${vector}`]), // prettier-ignore
    ".Lnext:",
    ...(shape.functions === 1
      ? [`call ${functionName(0)}`]
      : [...choose(shape.functions), `call [${pointers} + rax*8]`]),
    `test ${stepsLeft}, ${stepsLeft}`,
    "jns .Lnext",
    `mov rsp, ${state(at.callerStack)}`,
    "xor eax, eax",
    ...accumulators.flatMap((register) => ["rol rax, 7", `add rax, ${register}`]),
    ...vectors.flatMap((vector, n) => [`movups ${state(at.vectors + 16 * n)}, ${vector}`]),
    `xor ecx, ecx`,
    ".Lsum:",
    "rol rax, 5",
    `add rax, [${base} + rcx]`,
    "add ecx, 8",
    // What lies between table and vectors is the same in every run but for the caller's stack pointer.
    `cmp ecx, ${at.handler}`,
    "jb .Lsum",
    ...vectors.flatMap((_, n) => [0, 8].flatMap((half) => ["rol rax, 5", `add rax, ${state(at.vectors + 16 * n + half)}`])), // prettier-ignore
    ...calleeSaved.toReversed().map((register) => `pop ${register}`),
    "ret",
    ...functions.flat(),
    ".section .rodata",
    ".globl shape_name",
    `shape_name: .asciz "${shape.name}"`,
    ".balign 8",
    `${pointers}:`,
    ...functions.map((_, n) => `.quad ${functionName(n)}`),
    ".data",
    ".balign 64",
    "state:",
    `.zero ${at.fractions}`,
    ".quad 0x000fffffffffffff, 0x000fffffffffffff, 0x3ff0000000000000, 0x3ff0000000000000",
    `.zero ${stateSize - at.handler}`,
    "",
  ];
  return lines.join("\n");
}
