// A row of the instruction table, and an instruction decoded by it. Specification: Arm ARM (DDI 0487), C4 (encodings).
import type { Emitter } from "./emitter.js";

/**
 * The fields of encodings, by the manual's names and their width in bits. An immediate's own width and sign stand in the row
 * (`imm12`, `simm9`); whatever its width, it is the field `imm`.
 */
export const fieldWidths = {
  Rd: 5,
  Rn: 5,
  Rm: 5,
  Ra: 5,
  Rt: 5,
  Rt2: 5,
  Rs: 5,
  sf: 1,
  sh: 1,
  N: 1,
  S: 1,
  Q: 1,
  sz: 1,
  b5: 1,
  o0: 1,
  H: 1,
  L: 1,
  M: 1,
  size: 2,
  ftype: 2,
  shift: 2,
  hw: 2,
  immlo: 2,
  option: 3,
  op1: 3,
  op2: 3,
  immb: 3,
  abc: 3,
  cond: 4,
  nzcv: 4,
  CRn: 4,
  CRm: 4,
  immh: 4,
  cmode: 4,
  index4: 4,
  b40: 5,
  defgh: 5,
  immr: 6,
  imms: 6,
  scale: 6,
  immhi: 19,
} as const;

export type Field = keyof typeof fieldWidths | "imm";

/** Fields that an encoding does not have are 0. */
export type Fields = Readonly<Record<Field, number>>;

/** What an instruction does, written once for every emitter. */
export type Semantics = <V>(e: Emitter<V>, i: Instruction) => void;

/** Where control may go besides the next instruction. Absent: nowhere. */
type Flow = "jump" | "branch" | "call" | "jumpTo" | "callTo" | "ret" | "stop";

/** What all encodings of a mnemonic share. */
export interface Traits {
  /** Absent: a slow instruction, done by the interpreter on the state itself, by mnemonic. */
  readonly run?: Semantics;
  readonly flow?: Flow;
  /** Which values of the fields are allocated, where that is not all. */
  readonly only?: (i: Fields) => boolean;
}

/** One encoding. `pattern` and `operands` are in the manual's notation (see notation.ts and operand-form.ts). */
export interface Row {
  readonly mnemonic: string;
  readonly pattern: string;
  readonly operands: string;
  readonly traits: Traits;
}

export interface Instruction extends Fields {
  readonly row: Row;
  readonly word: number;
  /** Canonical addresses as signed numbers. */
  readonly pc: number;
  readonly next: number;
}

/** The rows of one mnemonic: `rows("ADD", traits, "sf 0 0 01011 shift 0 Rm imm6 Rn Rd | Rd, Rn, Rm, shift", ...)`. */
export function rows(mnemonic: string, traits: Traits, ...encodings: readonly string[]): readonly Row[] {
  return encodings.map((encoding) => {
    const bar = encoding.indexOf(" |");
    const [pattern, operands] = bar < 0 ? [encoding, ""] : [encoding.slice(0, bar), encoding.slice(bar + 2)];
    return { mnemonic, pattern: pattern.trim(), operands: operands.trim(), traits };
  });
}
