// Small programs on the real CPU and on both engines: what single instructions cannot show, since it is about what one
// leaves for the next (traps, alignment checks, ignored prefixes, modes of floating point).
import assert from "node:assert/strict";
import { test } from "node:test";
import { newInterpreter } from "../../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../../src/engine/x86-64/wasm-vcpu.js";
import { decode } from "../../src/isa/x86-64/decoder.js";
import { assemble } from "./assemble.js";
import { differences, type NewVcpu, runEngine } from "./differential.js";
import { runNative, whyNotNative } from "./native.js";
import { type State, stateBefore, WINDOW, WINDOW_PAGE } from "./state.js";

/** Loads flags from `eax`. */
const setFlags = "push rax\n popfq";
const loadMxcsr = (value: number) => `mov dword ptr [rbx], ${value}\n ldmxcsr [rbx]`;
const TF = 0x100;
const AC = 0x40000;

const programs: Readonly<Record<string, string>> = {
  "TF traps behind the instruction after the one that sets it": `
    mov eax, ${TF | 0x202}
    ${setFlags}
    mov ecx, 7
    mov ecx, 8`,
  "TF traps behind the POPF that clears it": `
    mov eax, ${TF | 0x202}
    push 0x202
    ${setFlags}
    popfq
    mov ecx, 8`,
  "TF traps behind an iteration": `
    mov eax, ${TF | 0x202}
    lea rsi, [rbx + 64]
    lea rdi, [rbx + 128]
    mov ecx, 5
    ${setFlags}
    rep movsb`,
  "TF does not trap behind a MOV to SS": `
    mov eax, ${TF | 0x202}
    mov ecx, ss
    ${setFlags}
    mov ss, ecx
    mov ecx, 1
    mov ecx, 2`,
  "TF traps where a jump goes": `
    mov eax, ${TF | 0x202}
    ${setFlags}
    jmp 1f
    nop
1:  mov ecx, 2`,
  "TF and a fault": `
    mov eax, ${TF | 0x202}
    ${setFlags}
    mov ecx, [0]
    mov ecx, 2`,
  "AC: a misaligned word": `
    mov eax, ${AC | 0x202}
    ${setFlags}
    mov ecx, 3
    mov ax, [rbx + 1]`,
  "AC: aligned accesses of all sizes": `
    mov eax, ${AC | 0x202}
    ${setFlags}
    mov al, [rbx + 1]
    mov ax, [rbx + 2]
    mov eax, [rbx + 4]
    mov rax, [rbx + 8]
    movups xmm1, [rbx + 1]
    fld tbyte ptr [rbx + 8]
    fnstenv [rbx + 4]`,
  "AC: a misaligned quadword": `
    mov eax, ${AC | 0x202}
    ${setFlags}
    mov [rbx + 4], rax`,
  "AC: a misaligned push": `
    mov eax, ${AC | 0x202}
    ${setFlags}
    lea rsp, [rsp - 4]
    push rax`,
  "AC: an x87 number": `
    mov eax, ${AC | 0x202}
    ${setFlags}
    fld tbyte ptr [rbx + 4]`,
  "AC: an MMX and a scalar operand": `
    mov eax, ${AC | 0x202}
    ${setFlags}
    movss xmm1, [rbx + 4]
    movsd xmm1, [rbx + 4]`,
  "AC: strings": `
    mov eax, ${AC | 0x202}
    lea rsi, [rbx + 65]
    lea rdi, [rbx + 129]
    mov ecx, 40
    ${setFlags}
    rep movsb
    mov ecx, 4
    rep movsd`,
  "AC goes with POPF": `
    mov eax, ${AC | 0x202}
    ${setFlags}
    push 0x202
    popfq
    mov rax, [rbx + 1]`,
  "FS before prefixes that count for nothing": `
    lea rax, [rbx + 64]
    wrfsbase rax
    mov qword ptr [rbx + 64], 5
    mov qword ptr [rbx], 6
    xor esi, esi
    .byte 0x64, 0x2e, 0x8b, 0x0e
    .byte 0x64, 0x36, 0x8b, 0x16
    .byte 0x64, 0x3e, 0x8b, 0x3e
    xor esi, esi
    .byte 0x64, 0x26, 0x44, 0x8b, 0x06
    wrfsbase rsi`,
  "an instruction of 15 bytes": ".rept 14\n .byte 0x66\n .endr\n nop\n mov ecx, 1",
  "an instruction of 16 bytes": ".rept 15\n .byte 0x66\n .endr\n nop\n mov ecx, 1",
  "an address outside, by the stack": "mov rbp, 0x8000000000000000\n mov rax, [rbp]",
  ICEBP: "nop\n .byte 0xf1\n nop",
  "INT 1, which needs privilege": "int 1",
  "INT 4": "int 4",
  RDPMC: "xor ecx, ecx\n rdpmc",
  "segments that a process sees": `
    mov ecx, 0x2b
    lar eax, ecx
    lsl edx, ecx
    verw cx
    setz sil
    mov edi, 0x33
    lar r8d, edi
    verw di
    setz r9b
    verr di
    setz r10b
    mov r11d, 0x10
    lar r12d, r11d
    setz r13b
    mov es, ecx
    mov fs, ecx
    lar r14w, di`,
  "far return to the same code": "lea rax, [rip + 1f]\n push 0x33\n push rax\n retfq\n nop\n1: mov ecx, 1",
  "IRET to the same code": `
    mov rdx, rsp
    push 0x2b
    push rdx
    push 0x202
    push 0x33
    lea rax, [rip + 1f]
    push rax
    iretq
    nop
1:  mov ecx, 1`,
  "the x87's pointers": `
    fldpi
    fadd qword ptr [rbx]
    fnstenv [rbx + 64]
    .byte 0x66, 0xd9, 0xb3, 0x80, 0, 0, 0
    fld1
    fldz
    mov word ptr [rbx], 0x37b
    fldcw [rbx]
    fdiv dword ptr [rbx + 120]
    fnstenv [rbx + 32]
    fnsave [rbx + 96]`,
  "exceptions of SSE that a program clears, raises and reads": `
    ${loadMxcsr(0x1fbf)}
    ${loadMxcsr(0x1f80)}
    mov esi, 60
    xor edi, edi
1:  mov eax, esi
    cvtsi2sd xmm0, eax
    sqrtsd xmm1, xmm0
    divsd xmm1, xmm2
    stmxcsr [rbx]
    add edi, [rbx]
    ${loadMxcsr(0x1f80)}
    dec esi
    jnz 1b
    mulsd xmm1, xmm1
    stmxcsr [rbx + 8]`,
  "all rounding modes, in a loop": `
    mov esi, 60
    mov eax, 3
    cvtsi2sd xmm1, eax
    cvtsi2ss xmm3, eax
    pcmpeqd xmm2, xmm2
    psrlq xmm2, 2
    psllq xmm2, 54
1:  mov eax, esi
    and eax, 3
    shl eax, 13
    or eax, 0x1f80
    mov [rbx], eax
    ldmxcsr [rbx]
    divsd xmm2, xmm1
    addsd xmm2, xmm1
    cvtsd2ss xmm4, xmm2
    mulss xmm4, xmm3
    cvtss2si eax, xmm4
    add edi, eax
    dec esi
    jnz 1b
    stmxcsr [rbx + 8]`,
  "denormals as zeros and flushed": `
    ${loadMxcsr(0x9fc0)}
    mov rax, 0x000fffffffffffff
    movq xmm0, rax
    addsd xmm0, xmm0
    mov rax, 0x0010000000000001
    movq xmm1, rax
    mov rax, 0x3fe0000000000000
    movq xmm2, rax
    mulsd xmm1, xmm2
    stmxcsr [rbx]`,
  "an exception of SSE that is not masked": `
    ${loadMxcsr(0x1d80)}
    cvtsi2sd xmm0, ebx
    divsd xmm0, xmm1`,
  "runs of x87 instructions in a loop of others": `
    mov esi, 60
    fldpi
1:  mov eax, esi
    shl eax, 3
    lea edx, [eax + 5]
    imul edx, eax
    add edi, edx
    mov [rbx], edx
    xor eax, edi
    rol eax, 5
    add edi, eax
    sub edx, eax
    mov [rbx + 8], edx
    or edx, 1
    mov [rbx + 16], edx
    and eax, 0xffff
    add edi, eax
    fild dword ptr [rbx]
    fmul st(1)
    fidiv dword ptr [rbx + 16]
    fsubp
    dec esi
    jnz 1b
    fstp tbyte ptr [rbx + 32]`,
  "a fault within a run of x87 instructions": `
    xor ecx, ecx
    .rept 30
    add eax, ecx
    inc ecx
    .endr
    fld1
    fldpi
    fadd qword ptr [0x10]
    fmulp
    fstp qword ptr [rbx]`,
  "an x87 exception within a run of x87 instructions": `
    mov word ptr [rbx], 0x37b
    fldcw [rbx]
    xor ecx, ecx
    .rept 30
    add eax, ecx
    inc ecx
    .endr
    fld1
    fldz
    fdivp
    fld1
    fstp qword ptr [rbx]`,
  "MMX between x87 and x87":
    "fldpi\n movq mm1, mm0\n paddb mm1, mm1\n movq [rbx], mm1\n emms\n fld1\n fstp qword ptr [rbx + 8]",
};

/** What sets CF in every form that it is stored in; of `rax` and `rcx`. */
const setsCarry = [
  ...["al, cl", "ax, cx", "eax, ecx", "rax, rcx"].flatMap((operands) =>
    ["add", "sub", "cmp", "and", "adc", "sbb"].map((name) => `${name} ${operands}`),
  ),
  ...["ah", "ax", "ecx", "rcx"].flatMap((operand) => [
    `neg ${operand}`,
    `shl ${operand}, 3`,
    `sar ${operand}, 5`,
  ]),
  ...["stc", "clc", "cmc"].flatMap((name) => [name, `${name}\n inc cl`, `${name}\n dec rax`]),
  "bt rax, rcx",
  "mul rcx",
  "push rax\n and dword ptr [rsp], 0xcd5\n popfq",
];

/** CF comes through a return and an INC or DEC behind it; the function is too large to be built in. */
const carries = Object.fromEntries(
  setsCarry.map((setter, n) => [
    `CF of ${setter} behind a return`,
    `
    mov esi, 16
    xor edi, edi
    mov rbx, 0x9e3779b97f4a7c15
    xor ebp, ebp
1:  add rbp, rbx
    mov rax, rbp
    rol rbp, 23
    mov rcx, rbp
    call 3f
    ${n % 2 === 0 ? "dec esi" : "inc esi\n lea esi, [rsi - 1]\n dec esi"}
    setc dl
    movzx edx, dl
    lea rdi, [rdi + rdi + 0]
    lea rdi, [rdi + rdx]
    jnz 1b
    jmp 4f
3:  .rept 70
    nop
    .endr
    ${setter}
    ret
4:  xor edx, edx`,
  ]),
);

function stateOf({ pc, code }: { readonly pc: number; readonly code: Uint8Array }): State {
  const gpr = Array.from({ length: 16 }, (_, n) => BigInt(n));
  for (const pointer of [3, 4]) gpr[pointer] = BigInt(WINDOW + 256);
  return stateBefore(pc, code, gpr);
}

const newTranslated =
  (isWatched: boolean): NewVcpu =>
  (options) =>
    newWasmVcpu(
      { ...options, profile: "plain", isWatched },
      { threshold: 0, plain: { size: WINDOW_PAGE + 0x2000, readable: WINDOW_PAGE, writable: WINDOW_PAGE } },
    );
const [watched, unwatched] = [newTranslated(true), newTranslated(false)];

/** What sets flags that nothing reads before others are set: an access in between faults when it has run often. */
const faultsBehind = Object.fromEntries(
  [
    "add eax, ecx",
    "sub al, cl",
    "and rax, rcx",
    "shl eax, 3",
    "dec ecx",
    "neg rax",
    "bt rax, rcx",
    "stc",
    "ucomisd xmm0, xmm1",
  ].map((setter) => [
    `flags of ${setter} at a fault`,
    `
    mov esi, 40
    mov rax, 0x9e3779b97f4a7c15
    mov rdi, rbx
1:  mov ecx, esi
    cmp esi, 3
    mov edx, 0x1000
    cmove rdi, rdx
    rol rax, 1
    ${setter}
    mov r8, [rdi]
    xor r9d, r9d
    dec esi
    jnz 1b`,
  ]),
);

/** What one instruction leaves for a later one of a loop that runs often: a carry that INC keeps, a direction. */
const leftBehind = {
  "a carry that INC and DEC keep, over accesses": `
    mov esi, 40
    mov rax, 0x9e3779b97f4a7c15
    mov rcx, rax
1:  add rax, rcx
    mov r8, [rbx]
    inc r9
    mov [rbx + 8], r8
    dec r11
    mov [rbx], rax
    adc r10, 3
    dec esi
    mov r12, [rbx + 8]
    jnz 1b`,
  "a carry that nobody reads before it is set anew": `
    mov esi, 40
    mov rax, 0x9e3779b97f4a7c15
1:  add rax, rax
    inc r9
    mov r8, [rbx]
    imul r8, rax
    setc dl
    mov [rbx], r8
    dec esi
    jnz 1b`,
  "moves downwards and upwards": `
    mov r8d, 40
    xor r9d, r9d
1:  std
    lea rsi, [rbx + 39]
    lea rdi, [rbx + 42]
    mov ecx, 16
    rep movsb
    pushfq
    pop rax
    and eax, 0x400
    add r9, rax
    cld
    movsw
    pushfq
    pop rax
    and eax, 0x400
    add r9, rax
    add byte ptr [rbx + 30], 7
    dec r8d
    jnz 1b
    std`,
};

/** The window, summed up. */
const sumWindow = `
    mov ecx, 63
2:  rol r9, 7
    add r9, [rbx + 8 * rcx]
    dec ecx
    jns 2b`;
/** Strings of every length up to some, apart and onto each other, and what is filled with every kind of element. */
const strings = Object.fromEntries([
  ...(["b", "w", "d", "q"] as const).flatMap((size, log2) =>
    [
      "rdi, [rsi - 160]",
      "rdi, [rsi - 1]",
      "rdi, [rsi - 3]",
      "rdi, [rsi - 8]",
      "rdi, [rsi - 13]",
      "rdi, [rsi + 5]",
    ].map((place) => [
      `rep movs${size}, lea ${place}`,
      `
    mov r8d, ${140 >> log2}
1:  lea rsi, [rbx + 200]
    lea ${place}
    mov ecx, r8d
    rep movs${size}
    add r9, rsi
    ${sumWindow}
    dec r8d
    jns 1b`,
    ]),
  ),
  ...(["b", "w", "d", "q"] as const).map((size, log2) => [
    `rep stos${size}`,
    `
    mov r8d, ${140 >> log2}
1:  lea rdi, [rbx + 201]
    mov rax, 0x9e3779b97f4a7c15
    imul rax, r8
    mov ecx, r8d
    rep stos${size}
    add r9, rdi
    ${sumWindow}
    dec r8d
    jns 1b`,
  ]),
]) as Readonly<Record<string, string>>;

/** Each kind has an engine of its own: modes that programs turn on last. */
const kinds = {
  programs,
  "flags through returns": carries,
  "flags at faults": faultsBehind,
  "what is left behind": leftBehind,
  strings,
};

for (const [kind, given] of Object.entries(kinds)) {
  for (const [engine, newVcpu] of [
    ["the interpreter", newInterpreter],
    ["translated code", watched],
    // Flags of a first fault may be older there.
    ...(given === leftBehind || given === carries || given === strings
      ? ([["code that nobody watches", unwatched]] as const)
      : []),
  ] as const) {
    test(`${kind}: ${engine} ends as the CPU`, { skip: whyNotNative() ?? false }, () => {
      const names = Object.keys(given);
      const states = assemble(Object.values(given)).map(stateOf);
      const expected = runNative(states);
      const actual = runEngine(newVcpu, states);
      const found = names.flatMap((name, n) => {
        const [state, a, b] = [states[n], expected[n], actual[n]];
        if (state === undefined || a === undefined || b === undefined) return [`${name}: not run`];
        const nop = decode(Uint8Array.of(0x90), 0, Number(state.rip));
        if (typeof nop === "string") return [];
        return differences({ state, instruction: nop }, a, b).map((line) => `${name}: ${line}`);
      });
      assert.equal(found.join("\n"), "");
    });
  }
}
