// Status flags under translation: kept as what set them, and turned into a bit only where something reads them. Which flags
// there are, and what operations make of them, is the ISA's.
import { i32, type Node } from "./node.js";

/** What set flags: operands and a result, of which the ISA makes each flag when it is asked for. */
export interface FlagRecord {
  readonly a: Node;
  readonly b: Node;
  readonly result: Node;
  /** Where the operation may turn out to set nothing, the flags that there are then. */
  readonly before: Flags | undefined;
  /** Those that have been asked for, by flag. */
  readonly bits: (Node | undefined)[];
  compute(flag: number): Node;
}

/** Where one flag comes from. */
export interface FlagSource<Record extends FlagRecord = FlagRecord> {
  readonly record: Record | undefined;
  readonly bit: Node | undefined;
  /** A bit that says that two flags are both 0, where both have it. */
  readonly above?: Node | undefined;
}

/** By the number of the flag. */
export type Flags<Record extends FlagRecord = FlagRecord> = readonly FlagSource<Record>[];

/** What flags follow from as the state area has it: an operation and two words. */
export type FlagWords = readonly [operation: Node, a: Node, b: Node];

export const fromBit = (bit: Node, above?: Node): FlagSource<never> => ({ record: undefined, bit, above });
export const fromRecord = <Record extends FlagRecord>(record: Record): FlagSource<Record> => ({
  record,
  bit: undefined,
});

/** A flag's value, a bit. */
export function flagBit({ record, bit }: FlagSource, flag: number): Node {
  if (record === undefined) return bit ?? i32(0);
  return (record.bits[flag] ??= record.compute(flag));
}
