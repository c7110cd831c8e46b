// What of an instruction is its form, for which one handler serves, and what its record holds: register numbers,
// displacements, immediates and addresses are fields, as long as the semantics do not look at them themselves.
import type { Instruction, MemoryOperand, Operand } from "../../../isa/x86-64/instruction.js";
import { state } from "../state.js";
import { REGISTERS } from "./layout.js";

const RSP = 4;
/** Register numbers from here on name fields of the record. */
export const FIELD = 64;

/** Thrown where semantics look at a value that was to be a field. */
export class ValueNeeded extends Error {
  readonly position: number;
  constructor(position: number) {
    super(`the value of operand ${position} is part of the form`);
    this.position = position;
  }
}

/** Stands for a number that is a field: it may be handed on, but not looked at. */
export class FieldValue {
  readonly field: "displacement" | "immediate";
  readonly #position: number;
  constructor(field: "displacement" | "immediate", position: number) {
    this.field = field;
    this.#position = position;
  }
  [Symbol.toPrimitive](): never {
    throw new ValueNeeded(this.#position);
  }
}

/** The address after the instruction, while it is not known: its halves are as good as a name. */
export const NEXT_LOW = 0x6e65_7874;
export const NEXT_HIGH = 0x000e_1d2c;
const NEXT = NEXT_HIGH * 2 ** 32 + NEXT_LOW;

/** An instruction's fields, filled in by `shapeOf`. */
export interface Fields {
  readonly registers: number[];
  displacementLow: number;
  displacementHigh: number;
  immediateLow: number;
  immediateHigh: number;
}

export const newFields = (): Fields => ({
  registers: [0, 0, 0, 0],
  displacementLow: 0,
  displacementHigh: 0,
  immediateLow: 0,
  immediateHigh: 0,
});

const isField = (base: number) => base >= 0 && base !== RSP;
const hasDisplacement = ({ low, high }: MemoryOperand) => low !== 0 || high !== 0;

/** Codes of an operand's kind; its row and the operand's width say the rest. */
const kinds = { register: 1, high: 2, xmm: 3, immediate: 4, target: 5, memory: 6 } as const;
/** Operands have so many codes, and a number holds four of them. */
const CODES = 2048;

/** Registers, segments and the like by number are part of the form: they are rare. */
const otherKinds = ["mm", "st", "segment", "control", "debug"] as const;
const otherCode = (kind: (typeof otherKinds)[number], index: number) =>
  1024 + otherKinds.indexOf(kind) * 16 + index;

function memoryCode(o: MemoryOperand): number {
  const base = o.base < 0 ? 0 : o.base === RSP ? 1 : 2;
  const index = o.index < 0 ? 0 : 1 + o.scale;
  const segment = o.segment < 4 ? 0 : o.segment - 3;
  return kinds.memory + 8 * (base + 3 * (index + 5 * (segment + 3 * (hasDisplacement(o) ? 1 : 0))));
}

/**
 * What tells an instruction from others of its row, and its fields; `needed` is the mask of operands whose values the
 * form includes. Undefined where a record has no room for it.
 */
export function shapeOf(i: Instruction, needed: number, fields: Fields): number | string | undefined {
  let code = widthCode(i.operandWidth) + 3 * (widthCode(i.addressWidth) + 3 * Math.max(0, i.segment - 3));
  let values = "";
  let registers = 0;
  let immediates = 0;
  let displacements = 0;
  const place = (offset: number): void => void (fields.registers[registers++] = offset);
  for (let position = 0; position < i.operands.length; position++) {
    const o = i.operands[position] as Operand;
    const isNeeded = needed !== 0 && ((needed >>> position) & 1) === 1;
    let operandCode: number;
    switch (o.kind) {
      case "register":
        operandCode = o.high ? kinds.high : kinds.register;
        place(state.gpr + 8 * o.index);
        break;
      case "xmm":
        operandCode = kinds.xmm;
        place(state.xmm + 16 * o.index);
        break;
      case "memory":
        operandCode = memoryCode(o);
        if (isField(o.base)) place(state.gpr + 8 * o.base);
        if (o.index >= 0) place(state.gpr + 8 * o.index);
        if (isNeeded) values += ` ${o.low} ${o.high}`;
        else if (hasDisplacement(o)) {
          displacements++;
          fields.displacementLow = o.low;
          fields.displacementHigh = o.high;
        }
        break;
      case "immediate":
        operandCode = kinds.immediate;
        if (isNeeded) values += ` ${o.low} ${o.high}`;
        else {
          immediates++;
          fields.immediateLow = o.low;
          fields.immediateHigh = o.high;
        }
        break;
      case "target":
        operandCode = kinds.target;
        displacements++;
        break;
      default:
        operandCode = otherCode(o.kind, o.index);
    }
    code = code * CODES + operandCode;
  }
  if (i.operands.length > 4 || registers > REGISTERS || immediates > 1 || displacements > 1) return undefined;
  return values === "" ? code : code + values;
}

const widthCode = (width: number): number => (width === 16 ? 0 : width === 32 ? 1 : 2);

/** The instruction that stands for all of its form. */
export function formal(i: Instruction, needed: number): Instruction {
  let registers = 0;
  const field = () => FIELD + registers++;
  const operands = i.operands.map((o, position): Operand => {
    const isNeeded = ((needed >>> position) & 1) === 1;
    const value = (name: FieldValue["field"]) => new FieldValue(name, position) as unknown as number;
    switch (o.kind) {
      case "register":
      case "xmm":
        return { ...o, index: field() };
      case "memory": {
        const base = isField(o.base) ? field() : o.base;
        const index = o.index >= 0 ? field() : -1;
        if (isNeeded || !hasDisplacement(o)) return { ...o, base, index };
        const low = value("displacement");
        return { ...o, base, index, low, high: low, displacement: low };
      }
      case "immediate":
        return isNeeded ? o : { ...o, low: value("immediate"), high: value("immediate") };
      case "target":
        return { kind: "target", target: Number.NaN };
      default:
        return o;
    }
  });
  return { ...i, operands, pc: Number.NaN, next: NEXT };
}
