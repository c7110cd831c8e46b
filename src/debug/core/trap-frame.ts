// The registers at a guest's fatal trap. Its handler has registers of its own when it halts, and tells those of the trap
// in what the cookie points to: guest/bindings/common/ISA/trap.c. Of others' bindings nothing is known: their frames must
// look right to be believed.
import type { Isa } from "../../abi/elf.js";
import { array, struct, u64, viewOf } from "../../bytes/struct.js";

/** As trap.c of x86-64 saves them. */
export const x8664Frame = struct(176, {
  r15: u64,
  r14: u64,
  r13: u64,
  r12: u64,
  r11: u64,
  r10: u64,
  r9: u64,
  r8: u64,
  rdi: u64,
  rsi: u64,
  rbp: u64,
  rbx: u64,
  rdx: u64,
  rcx: u64,
  rax: u64,
  vector: u64,
  error_code: u64,
  rip: u64,
  cs: u64,
  rflags: u64,
  rsp: u64,
  ss: u64,
});
export const aarch64Frame = struct(288, {
  x: array(u64, 31),
  sp: u64,
  pc: u64,
  pstate: u64,
  esr: u64,
  far: u64,
});

/** The code segment that hvt guests run in, and the last vector. */
const codeSelector = 8n;
const lastVector = 47n;
/** PSTATE.M: EL1 on its own stack. And the syndrome is a word that says something. */
const modeMask = 0x1fn;
const el1h = 5n;
const wordMax = 0xffff_ffffn;

interface CodeRange {
  readonly start: number;
  readonly end: number;
}

/** By the engine's names; undefined where the cookie holds no frame of ours. */
export function trapRegisters(
  isa: Isa,
  cookie: Uint8Array,
  { start, end }: CodeRange,
): ReadonlyMap<string, bigint> | undefined {
  const isCode = (pc: bigint): boolean => pc >= BigInt(start) && pc < BigInt(end);
  if (isa === "aarch64") {
    const { x, sp, pc, pstate, esr } = aarch64Frame.read(viewOf(cookie), 0);
    // A jump that went astray leaves a program counter of any kind.
    const isBelievable = isCode(pc) || (pstate & modeMask) === el1h;
    if (!isBelievable || esr === 0n || esr > wordMax) return undefined;
    return new Map([
      ...x.map((value, n) => [`x${n}`, value] as const),
      ["sp_el1", sp],
      ["pc", pc],
      ["pstate", pstate],
    ]);
  }
  const { vector, error_code: _, ...registers } = x8664Frame.read(viewOf(cookie), 0);
  const isBelievable = vector <= lastVector && registers.cs === codeSelector;
  return isBelievable ? new Map(Object.entries(registers)) : undefined;
}
