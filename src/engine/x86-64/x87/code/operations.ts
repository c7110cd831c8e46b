// What a call of the x87's function does, as numbers that translated code and the function agree on.

/** Where the operand is: its bits are an argument but for a register's. */
export const sources = ["register", "single", "double", "integer", "extended"] as const;
export type Source = (typeof sources)[number];

/** The name is the instruction's; `ROUND`, `ROOT`, `CHANGE`, `ABSOLUTE` and `REMAINDER` are FRNDINT, FSQRT, FCHS, FABS and
 * FPREM. */
export const operations = [
  "ADD",
  "SUB",
  "SUBR",
  "MUL",
  "DIV",
  "DIVR",
  "LOAD",
  "COMPARE",
  "ORDER",
  "COPY",
  "SINGLE",
  "DOUBLE",
  "INTEGER",
  "TRUNCATE",
  "EXTENDED",
  "EXCHANGE",
  "CHANGE",
  "ABSOLUTE",
  "ROUND",
  "ROOT",
  "MOVE",
  "SCALE",
  "REMAINDER",
] as const;
export type Operation = (typeof operations)[number];

/** A call: what is done in the low byte, then the source; registers from ST(0) on, and how many are popped. */
export const codeOf = (operation: Operation, source: Source): number =>
  operations.indexOf(operation) | (sources.indexOf(source) << 8);

/** `end` is the sign and exponent of an extended operand, or the bits of an integer. */
export const detailsOf = (to: number, from: number, pops: number, end = 0): number =>
  to | (from << 4) | (pops << 8) | (end << 16);

/** What ORDER gives: ST(0) against the other. */
export const order = { less: 0, equal: 1, greater: 2 } as const;
