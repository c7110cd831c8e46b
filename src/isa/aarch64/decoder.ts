// A word to an instruction by the table. Specification: Arm ARM (DDI 0487), C4.
import { type Field, fieldWidths, type Instruction } from "./instruction.js";
import type { Encoding } from "./notation.js";
import { candidates } from "./table.js";

/** All instructions are as long. */
export const LENGTH = 4;

/** An instruction while its fields are read. */
type Draft = { -readonly [K in Field]: number } & Omit<Instruction, Field>;

const noFields = Object.fromEntries([...Object.keys(fieldWidths), "imm"].map((name) => [name, 0])) as Record<
  Field,
  number
>;

function read(encoding: Encoding, word: number, pc: number): Instruction {
  const draft: Draft = { row: encoding.row, word, pc, next: pc + LENGTH, ...noFields };
  for (const { field, at, width, isSigned } of encoding.parts) {
    const top = word << (32 - at - width);
    draft[field] = isSigned ? top >> (32 - width) : top >>> (32 - width);
  }
  return draft;
}

/** The instruction that a word is at `pc`, or undefined where it is not allocated. */
export function decode(word: number, pc: number): Instruction | undefined {
  for (const encoding of candidates(word)) {
    if ((word & encoding.mask) !== encoding.value) continue;
    const found = read(encoding, word, pc);
    if (encoding.row.traits.only?.(found) ?? true) return found;
  }
  return undefined;
}
