// What of an instruction is its form, for which one handler serves, and what its record holds: register numbers,
// displacements, immediates and addresses are fields, as long as the semantics do not look at them themselves.
import type { Instruction, MemoryOperand, Operand, Row } from "../../../isa/x86-64/instruction.js";
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

const rowNumbers = new Map<Row, number>();

function rowNumber(row: Row): number {
  let found = rowNumbers.get(row);
  if (found === undefined) rowNumbers.set(row, (found = rowNumbers.size));
  return found;
}

const isField = (base: number) => base >= 0 && base !== RSP;
const hasDisplacement = ({ low, high }: MemoryOperand) => low !== 0 || high !== 0;

/**
 * An instruction's form as text, and its fields; `needed` is the mask of operands whose values the form includes.
 * Undefined where a record has no room for it.
 */
export function shapeOf(i: Instruction, needed: number, fields: Fields): string | undefined {
  let key = `${rowNumber(i.row)},${i.operandWidth},${i.addressWidth},${i.segment}`;
  let registers = 0;
  let immediates = 0;
  let displacements = 0;
  const field = (offset: number): string => {
    fields.registers[registers++] = offset;
    return "r";
  };
  for (let position = 0; position < i.operands.length; position++) {
    const o = i.operands[position] as Operand;
    const isNeeded = ((needed >>> position) & 1) === 1;
    switch (o.kind) {
      case "register":
        key += `;${field(state.gpr + 8 * o.index)}${o.width}${o.high ? "h" : ""}`;
        break;
      case "xmm":
        key += `;x${field(state.xmm + 16 * o.index)}`;
        break;
      case "memory": {
        key += `;m${o.width},${o.segment >= 4 ? o.segment : ""},${o.addressWidth}`;
        key += isField(o.base) ? field(state.gpr + 8 * o.base) : `,${o.base}`;
        if (o.index >= 0) key += `,${o.scale}${field(state.gpr + 8 * o.index)}`;
        if (isNeeded) key += `=${o.low},${o.high}`;
        else if (hasDisplacement(o)) {
          key += "d";
          displacements++;
          fields.displacementLow = o.low;
          fields.displacementHigh = o.high;
        }
        break;
      }
      case "immediate":
        if (isNeeded) key += `;=${o.width},${o.low},${o.high}`;
        else {
          key += `;i${o.width}`;
          immediates++;
          fields.immediateLow = o.low;
          fields.immediateHigh = o.high;
        }
        break;
      case "target":
        key += ";t";
        displacements++;
        break;
      default:
        key += `;${o.kind}${o.index}`;
    }
  }
  return registers > REGISTERS || immediates > 1 || displacements > 1 ? undefined : key;
}

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
