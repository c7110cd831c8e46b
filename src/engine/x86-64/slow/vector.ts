// XMM registers as slow instructions see them: 16 bytes each, in and out.
import type { Instruction, Operand } from "../../../isa/x86-64/instruction.js";
import { xmmOf } from "../../../isa/x86-64/vector-operands.js";
import { addressOf, type Machine, type Slow } from "../machine.js";
import { requireAlignment } from "../memory-access.js";
import { state } from "../state.js";

/** A register's bytes themselves. */
export const xmmBytes = (m: Machine, index: number): Uint8Array =>
  m.cpu.u8.subarray(state.xmm + index * 16, state.xmm + index * 16 + 16);

/** A copy of 16 bytes of a register or of aligned memory. */
export function readBytes(m: Machine, o: Operand | undefined, aligned = true): Uint8Array {
  if (o?.kind === "xmm") return xmmBytes(m, o.index).slice();
  const linear = addressOf(m, o);
  if (aligned) requireAlignment(linear, 16);
  const [view, at] = m.memory.readable(linear, 16);
  return new Uint8Array(view.buffer, view.byteOffset + at, 16).slice();
}

/** 16 bytes as a number, little endian, and back. */
export const toInteger = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

export function putInteger(to: Uint8Array, value: bigint): void {
  for (let n = 0; n < 16; n++) to[n] = Number((value >> BigInt(8 * n)) & 0xffn);
}

/** 16 bytes as four words, the lowest first. */
export const words = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

export const immediate = (i: Instruction, position: number): number => {
  const o = i.operands[position];
  return o?.kind === "immediate" ? o.low & 0xff : 0;
};

/** An instruction that makes new bytes of the destination's and the source's. */
export const vectorInstruction =
  (f: (a: Uint8Array, b: Uint8Array, imm: number, m: Machine) => Uint8Array, aligned = true): Slow =>
  (m, i) => {
    const [to, from] = i.operands;
    if (to === undefined) return;
    const source = readBytes(m, from, aligned);
    const index = xmmOf(to);
    xmmBytes(m, index).set(f(xmmBytes(m, index).slice(), source, immediate(i, 2), m));
  };
