// Flags on the way to the state area: an operation with its operands where one set all that is needed, else the bits.
import { FlagsOperation } from "../../state.js";
import { type FlagRecord, type Flags, fromBit, packed } from "../flags.js";
import { extendU, i32, type Node } from "../node.js";

/** Flags as the spill block stores them: an operation with its operands, or 0 and the packed flags. */
export interface FlagSnapshot {
  readonly kind: number;
  readonly values: readonly Node[];
}

const log2Bytes = { 8: 0, 16: 1, 32: 2, 64: 3 } as const;

export function snapshotOf(flags: Flags, needed: Flags): FlagSnapshot {
  const record = needed[0]?.record;
  const isOne = record !== undefined && needed.every((source) => source.record === record);
  if (isOne && record.before === undefined) {
    return {
      kind: FlagsOperation[record.operation] * 4 + log2Bytes[record.width],
      values: operandsOf(record),
    };
  }
  return { kind: 0, values: [packed(flags.map((source) => (needed.includes(source) ? source : absent)))] };
}

const absent = fromBit(i32(0));

const operandsOf = ({ a, b, result }: FlagRecord): Node[] =>
  [a, b, result].map((value) => (value.type === "i32" ? extendU(value) : value));
