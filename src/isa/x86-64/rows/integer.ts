// All rows of the integer set, by group.
import { arithmeticRows } from "./arithmetic.js";
import { controlRows } from "./control.js";
import { moveRows } from "./move.js";

export const integerRows = [...arithmeticRows, ...moveRows, ...controlRows];
