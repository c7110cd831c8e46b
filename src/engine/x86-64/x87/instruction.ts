// What x87 instructions have in common: waiting for exceptions, what handlers of them look for, operands. Specification: Intel SDM
// volume 1, 8.1.8 and 8.6.
import type { Instruction, MemoryOperand } from "../../../isa/x86-64/instruction.js";
import { addressOf, type Machine, type Slow } from "../machine.js";
import type { Rounded } from "./f80.js";
import { from80, fromFloat, fromInteger } from "./formats.js";
import { Unit } from "./unit.js";

const units = new WeakMap<Machine, Unit>();
export function unitOf(m: Machine): Unit {
  let unit = units.get(m);
  if (unit === undefined) units.set(m, (unit = new Unit(m.cpu)));
  return unit;
}

type Run = (u: Unit, m: Machine, i: Instruction) => void;

/** What handlers of exceptions look for: where it was, and what it was about. */
export const x87 =
  (run: Run): Slow =>
  (m, i) => {
    const unit = unitOf(m);
    unit.check(true);
    run(unit, m, i);
    unit.pointer = BigInt.asUintN(64, BigInt(i.pc));
    if (unit.isPending) blame(unit, m, i);
  };

/** Control instructions leave the pointers alone; those whose names begin with FN do not wait for pending exceptions. */
export const x87Control =
  (run: Run, waits: boolean): Slow =>
  (m, i) => {
    const unit = unitOf(m);
    unit.check(waits);
    run(unit, m, i);
  };

/** The opcode's low three bits and ModRM, and the operand's address. */
function blame(u: Unit, m: Machine, i: Instruction): void {
  const memory = memoryOf(i);
  if (memory !== undefined) u.operand = BigInt.asUintN(64, BigInt(addressOf(m, memory)));
  let at = i.pc;
  const byte = () => m.mmu.peek(at) ?? 0;
  while (at < i.next && (byte() & 0xf8) !== 0xd8) at++;
  const first = byte() & 7;
  at++;
  u.opcode = (first << 8) | byte();
}

export const memoryOf = (i: Instruction): MemoryOperand | undefined => {
  const [o] = i.operands;
  return o?.kind === "memory" ? o : undefined;
};

export const stackIndex = (i: Instruction, position: number): number => {
  const o = i.operands[position];
  return o?.kind === "st" ? o.index : 0;
};

const isInteger = (i: Instruction) => /int/.test(i.row.operands);

/** The memory operand as the instruction means it: integer, single, double or extended. */
export function load(m: Machine, i: Instruction, o: MemoryOperand): Rounded {
  const at = addressOf(m, o);
  if (o.width === 80) {
    const [view, place] = m.memory.readable(at, 10);
    const upper = BigInt(view.getUint16(place + 8, true));
    return { value: from80((upper << 64n) | view.getBigUint64(place, true)), flags: 0 };
  }
  const bits = m.memory.read(at, o.width / 8);
  if (isInteger(i)) return { value: fromInteger(BigInt.asIntN(o.width, bits)), flags: 0 };
  return fromFloat(bits, o.width === 32 ? 32 : 64);
}
