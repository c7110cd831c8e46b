// Functions of x86-64's own that translated code calls, by their places: see `Helper` and `OnDemand`.
import type { FunctionType } from "../../../wasm/module.js";
import { helperIndex, onDemandSlot, onDemandType, words } from "../../portable/link/protocol.js";

/** CF from the state area's flagsOperation. */
export const carryType: FunctionType = { params: ["i32"], results: ["i32"] };
/** What to do (`strings.ts`) in, 0 out where it is done. */
export const stringType: FunctionType = { params: ["i32"], results: ["i32"] };
/**
 * The x87's function: what to do (x87/code/operations.ts), the operand's bits, and registers; 0 out where it is done, else
 * nothing has changed.
 */
export const x87Type: FunctionType = { params: ["i32", "i64", "i32"], results: ["i32"] };
/** Exact SSE arithmetic: what to do (exact/operations.ts) with which two numbers; the same out. */
export const exactType: FunctionType = { params: ["i32", "f64", "f64"], results: ["i32"] };

const HELPERS = ["carry", "string"] as const;
const ON_DEMAND = ["x87", "exact"] as const;

/** The index of a helper. */
export const indexOf = (name: (typeof HELPERS)[number]): number => helperIndex(HELPERS.indexOf(name));

/** A function's place in the table, and its type's index. */
export function placeOf(name: (typeof ON_DEMAND)[number]): { readonly slot: number; readonly type: number } {
  const position = ON_DEMAND.indexOf(name);
  return { slot: onDemandSlot(position), type: onDemandType(HELPERS.length, position) };
}

/** Where their results are in the state area. */
export const results = {
  /** 12: what an x87 instruction gives to memory or flags; behind 8 bytes, sign and exponent of an extended number. */
  x87: words.results,
  /** 8: a double, from exact arithmetic. */
  exact: words.results + 16,
} as const;
