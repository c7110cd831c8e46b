// Exclusive loads and stores: a store happens where the last exclusive load was of the same place and nothing has changed there
// since. Specification: Arm ARM (DDI 0487), B2.17.
import type { Instruction } from "../../isa/aarch64/instruction.js";
import type { Access } from "../contract.js";
import { abort, faultStatus } from "./fault.js";
import { type Machine, readGeneral, type Slow, writeGeneral } from "./machine.js";
import { state } from "./state.js";

/** The place of an aligned access at the base register. */
function placeOf({ cpu, memory }: Machine, i: Instruction, size: number, access: Access): number {
  const address = cpu.general(i.Rn);
  const [low, high] = [Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n))];
  if ((low & (size - 1)) !== 0)
    throw abort(address, access, faultStatus.alignment, `not aligned to ${size} bytes`);
  return memory.place(low, high, size, access);
}

/** Up to 16 bytes as two halves. */
function read({ memory: { view } }: Machine, at: number, size: number): readonly [low: bigint, high: bigint] {
  if (size === 1) return [BigInt(view.getUint8(at)), 0n];
  if (size === 2) return [BigInt(view.getUint16(at, true)), 0n];
  if (size === 4) return [BigInt(view.getUint32(at, true)), 0n];
  return [view.getBigUint64(at, true), size === 16 ? view.getBigUint64(at + 8, true) : 0n];
}

function write({ memory: { view } }: Machine, at: number, size: number, low: bigint, high: bigint): void {
  if (size === 1) view.setUint8(at, Number(low & 0xffn));
  else if (size === 2) view.setUint16(at, Number(low & 0xffffn), true);
  else if (size === 4) view.setUint32(at, Number(low & 0xffff_ffffn), true);
  else {
    view.setBigUint64(at, BigInt.asUintN(64, low), true);
    if (size === 16) view.setBigUint64(at + 8, BigInt.asUintN(64, high), true);
  }
}

/** Of one register of a size, or of two of half of it. */
const load =
  (size: number, isPair: boolean): Slow =>
  (m, i) => {
    const [low, high] = read(m, placeOf(m, i, size, "read"), size);
    const { u64 } = m.cpu;
    u64[state.exclusiveAddress >> 3] = m.cpu.general(i.Rn);
    u64[state.exclusiveLow >> 3] = low;
    u64[state.exclusiveHigh >> 3] = high;
    m.cpu.setWord(state.isExclusive, size);
    if (!isPair) return writeGeneral(m, i.Rt, low);
    writeGeneral(m, i.Rt, size === 8 ? low & 0xffff_ffffn : low);
    writeGeneral(m, i.Rt2, size === 8 ? low >> 32n : high);
  };

const store =
  (size: number, isPair: boolean): Slow =>
  (m, i) => {
    const { cpu } = m;
    const isHeld =
      cpu.word(state.isExclusive) === size && cpu.u64[state.exclusiveAddress >> 3] === cpu.general(i.Rn);
    cpu.setWord(state.isExclusive, 0);
    let failed = 1n;
    if (isHeld) {
      const at = placeOf(m, i, size, "write");
      const [low, high] = read(m, at, size);
      if (low === cpu.u64[state.exclusiveLow >> 3] && high === cpu.u64[state.exclusiveHigh >> 3]) {
        const [first, second] = [readGeneral(m, i.Rt), isPair ? readGeneral(m, i.Rt2) : 0n];
        const joined = isPair && size === 8 ? (first & 0xffff_ffffn) | (second << 32n) : first;
        write(m, at, size, joined, second);
        failed = 0n;
      }
    }
    writeGeneral(m, i.Rs, failed);
  };

const suffixes: readonly (readonly [suffix: string, bits: readonly number[]])[] = [
  ["B", [0]],
  ["H", [1]],
  ["", [2, 3]],
];

/** By the two bits that say the size of a register. */
const bySize = (of: (size: number) => Slow): Slow => {
  const all = [0, 1, 2, 3].map((log) => of(1 << log));
  return (m, i) => all[i.word >>> 30]?.(m, i);
};

export const exclusiveSlow: Readonly<Record<string, Slow>> = {
  ...Object.fromEntries(
    suffixes.flatMap(([suffix]) => [
      ...["LDXR", "LDAXR"].map((name) => [`${name}${suffix}`, bySize((size) => load(size, false))]),
      ...["STXR", "STLXR"].map((name) => [`${name}${suffix}`, bySize((size) => store(size, false))]),
    ]),
  ),
  ...Object.fromEntries([
    ...["LDXP", "LDAXP"].map((name) => [name, bySize((size) => load(2 * size, true))]),
    ...["STXP", "STLXP"].map((name) => [name, bySize((size) => store(2 * size, true))]),
  ]),
  CLREX: ({ cpu }) => cpu.setWord(state.isExclusive, 0),
};
