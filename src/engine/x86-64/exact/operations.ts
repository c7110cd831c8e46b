// What a call of the function for exact SSE arithmetic does, as numbers that translated code and the function agree on.

/** Of doubles, and of singles given as doubles; the root is the second operand's. */
const arithmetic = ["add", "sub", "mul", "div", "sqrt"] as const;
export const exactOperations = [
  ...arithmetic.map((name) => `f64.${name}` as const),
  ...arithmetic.map((name) => `f32.${name}` as const),
  /** A double to a single, given back as a double. */
  "narrow",
  /** To an integer, as MXCSR says, or truncated: of the same type, below 2^31 or 2^63. */
  "round",
  "truncate",
  "round long",
  "truncate long",
  /** Nothing but whether comparisons of the two raise nothing. */
  "compare",
] as const;
export type ExactOperation = (typeof exactOperations)[number];
