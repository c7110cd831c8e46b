// All rows of the integer set, by group.
import { arithmeticRows } from "./arithmetic.js";
import { bitRows } from "./bit.js";
import { controlRows } from "./control.js";
import { moveRows } from "./move.js";
import { shiftRows } from "./shift.js";
import { stringRows } from "./string.js";
import { systemRows } from "./system.js";

export const integerRows = [
  ...arithmeticRows,
  ...shiftRows,
  ...bitRows,
  ...moveRows,
  ...controlRows,
  ...stringRows,
  ...systemRows,
];
