// Advanced SIMD: all of its rows.
import { simdFloatRows } from "./simd-float.js";
import { simdIntegerRows } from "./simd-integer.js";
import { simdLongRows } from "./simd-long.js";
import { simdMoveRows } from "./simd-move.js";
import { simdSaturatingRows } from "./simd-saturating.js";
import { simdShiftRows } from "./simd-shift.js";

export const simdRows = [
  ...simdMoveRows,
  ...simdIntegerRows,
  ...simdShiftRows,
  ...simdLongRows,
  ...simdSaturatingRows,
  ...simdFloatRows,
];
