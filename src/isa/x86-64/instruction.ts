// A row of the instruction table, and an instruction decoded by it.
// Specification: Intel SDM volume 2, chapters 2 (formats) and 3.1.1 (notation).
import type { Emitter, Width } from "./emitter.js";

/** What an instruction does, written once for every emitter. */
export type Semantics = <V>(e: Emitter<V>, i: Instruction) => void;

/** Where control may go besides the next instruction. Absent: nowhere. */
type Flow = "jump" | "branch" | "call" | "jumpTo" | "callTo" | "ret" | "stop";

/** CPUID features, by the names of its leaves. */
export type Feature =
  | (
      | "X87"
      | "MMX"
      | "FXSR"
      | "SSE"
      | "SSE2"
      | "SSE3"
      | "SSSE3"
      | "SSE4_1"
      | "SSE4_2"
      | "AES"
      | "PCLMULQDQ"
      | "SHA"
    )
  | ("BMI1" | "BMI2" | "LZCNT" | "POPCNT" | "MOVBE" | "ADX" | "RDRAND" | "RDSEED" | "FSGSBASE" | "RDTSCP");

/** What all encodings of a mnemonic share. */
interface Traits {
  /** Absent: a slow instruction, done by the interpreter on the state itself, by mnemonic. */
  readonly run?: Semantics;
  /** Status flags that the manual leaves undefined, as a mask of RFLAGS. */
  readonly undefinedFlags?: number;
  /** LOCK is allowed where the destination is memory. */
  readonly lock?: boolean;
  readonly flow?: Flow;
  readonly feature?: Feature;
  /** Computes as MXCSR says, and tells it of exceptions. */
  readonly mxcsr?: boolean;
  /** #GP outside CPL 0. */
  readonly privileged?: boolean;
  /** Takes REP (F3) and REPNE (F2) prefixes. */
  readonly repeat?: boolean;
  /** Not in 64-bit mode, or only there. */
  readonly mode?: 32 | 64;
}

/** One encoding. `opcode` and `operands` are in the manual's notation (see notation.ts). */
export interface Row {
  readonly mnemonic: string;
  readonly opcode: string;
  readonly operands: string;
  readonly traits: Traits;
}

interface RegisterOperand {
  readonly kind: "register";
  readonly width: Width;
  /** 0 to 15; for AH, CH, DH, BH 0 to 3, with `high`. */
  readonly index: number;
  readonly high: boolean;
}

export interface MemoryOperand {
  readonly kind: "memory";
  /** In bits; 80, 128 and more for x87, SSE and state images, 0 where only the address counts. */
  readonly width: number;
  /** ES CS SS DS FS GS as 0 to 5; only FS and GS have a base in 64-bit mode. */
  readonly segment: number;
  /** -1 where there is none. */
  readonly base: number;
  readonly index: number;
  /** Log2 of the index's factor. */
  readonly scale: number;
  /** Signed; for RIP-relative operands the whole address. Also as halves of 64 bits. */
  readonly displacement: number;
  readonly low: number;
  readonly high: number;
  readonly addressWidth: 16 | 32 | 64;
}

interface ImmediateOperand {
  readonly kind: "immediate";
  readonly width: Width;
  /** Sign-extended to 64 bits. */
  readonly low: number;
  readonly high: number;
}

/** The target of a direct jump or call, a canonical address as a signed number. */
interface TargetOperand {
  readonly kind: "target";
  readonly target: number;
}

interface NumberedOperand {
  readonly kind: "xmm" | "mm" | "st" | "segment" | "control" | "debug";
  readonly index: number;
}

export type Operand = RegisterOperand | MemoryOperand | ImmediateOperand | TargetOperand | NumberedOperand;

export interface Instruction {
  readonly row: Row;
  /** Canonical addresses as signed numbers. */
  readonly pc: number;
  readonly next: number;
  readonly operandWidth: 16 | 32 | 64;
  readonly addressWidth: 16 | 32 | 64;
  readonly operands: readonly Operand[];
  /** The last of F2 and F3, else 0. */
  readonly repeat: 0 | 0xf2 | 0xf3;
  readonly lock: boolean;
  /** FS (4) or GS (5) where a prefix names it, else 3. */
  readonly segment: number;
}

/** The rows of one mnemonic: `rows("ADD", traits, "01 /r | r/mv, rv", ...)`. */
export function rows(mnemonic: string, traits: Traits, ...encodings: readonly string[]): readonly Row[] {
  return encodings.map((encoding) => {
    const [opcode = "", operands = ""] = encoding.split("|", 2);
    return { mnemonic, opcode: opcode.trim(), operands: operands.trim(), traits };
  });
}
