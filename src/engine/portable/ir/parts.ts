// Parts of a vector register that slots have: see `RegisterFile`.
import type { ValueType } from "../../../wasm/opcodes.js";

export const part = { whole: 0, low: 1, upper: 2, single: 3, rest: 4 } as const;
export type Part = (typeof part)[keyof typeof part];

/** What has them, by part. */
export const partTypes: readonly ["v128", "f64", "v128", "f32", "v128"] & readonly ValueType[] = [
  "v128",
  "f64",
  "v128",
  "f32",
  "v128",
];
