// An instruction as text, as binutils write it without aliases: for error messages, debuggers and tests.
import { decode } from "./decoder.js";
import { conditions } from "./emitter.js";
import type { Instruction } from "./instruction.js";
import { operandTexts } from "./operand-form.js";

/** One instruction, without its address. */
export function format(i: Instruction): string {
  const name = i.row.mnemonic
    .toLowerCase()
    .replace("{2}", i.Q === 1 ? "2" : "")
    .replace(".cond", `.${conditions[i.cond] ?? ""}`);
  const operands = operandTexts(i.row.operands)
    .map((text) => text(i))
    .filter((text) => text !== "");
  return `${name} ${operands.join(", ")}`.trimEnd();
}

/** The instruction that a word is, or why there is none. */
export function disassemble(word: number, pc: number): string {
  const found = decode(word, pc);
  return found === undefined ? "(unknown)" : format(found);
}
