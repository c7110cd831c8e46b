// Which xmm registers a unit uses for scalar doubles more than as vectors.
import type { Instruction } from "../../../isa/x86-64/instruction.js";

const scalarDouble = /SD$|^CVT.*2SD$|^CVT(T)?SD2|^U?COMISD$/;
/** Copies, zeroing and sign masks serve both. */
const neutral = /^(MOVAP[SD]|MOVUP[SD]|MOVDQA|MOVDQU|PXOR|XORP[SD]|ANDP[SD]|ANDNP[SD]|MOVQ|MOVD)$/;

const weights = new Map<string, number>();

function weightOf(mnemonic: string): number {
  let weight = weights.get(mnemonic);
  if (weight === undefined) {
    weight = neutral.test(mnemonic) ? 0 : scalarDouble.test(mnemonic) ? 1 : -2;
    weights.set(mnemonic, weight);
  }
  return weight;
}

/** A mask of registers. */
export function scalarRegisters(instructions: Iterable<Instruction>): number {
  const balance = new Int32Array(16);
  for (const { row, operands } of instructions) {
    const weight = weightOf(row.mnemonic);
    if (weight === 0) continue;
    for (const operand of operands) {
      if (operand.kind === "xmm") balance[operand.index] = (balance[operand.index] ?? 0) + weight;
    }
  }
  return balance.reduce((mask, value, index) => (value > 0 ? mask | (1 << index) : mask), 0);
}
