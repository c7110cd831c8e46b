// Arithmetic in any rounding mode on numbers of moderate exponents: the host rounds to nearest and tells nothing, but how far off it is
// can be computed exactly. T. J. Dekker, A floating-point technique (1971); D. E. Knuth, The Art of Computer Programming 2, 4.2.2.

/** How results are rounded: 0 to nearest, 1 down, 2 up, 3 to zero; and the flags that they have raised. */
export interface Rounds {
  readonly rounding: number;
  flags: number;
}

export type Arithmetic = "add" | "sub" | "mul" | "div" | "sqrt";

/** Splits a double into halves of 26 bits. */
const SPLIT = 2 ** 27 + 1;

/** x * y - p, exactly, where p is x * y rounded. */
function productError(x: number, y: number, p: number): number {
  const [tx, ty] = [SPLIT * x, SPLIT * y];
  const xh = tx - (tx - x);
  const yh = ty - (ty - y);
  const [xl, yl] = [x - xh, y - yh];
  return xl * yl - (p - xh * yh - xl * yh - xh * yl);
}

function sumError(x: number, y: number, sum: number): number {
  const part = sum - x;
  return x - (sum - part) + (y - part);
}

const compute: Readonly<Record<Arithmetic, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  sqrt: (x) => Math.sqrt(x),
};

/** A number of the sign of the exact result less `r`, the result rounded to nearest; for moderate exponents. */
function errorOf(operation: Arithmetic, x: number, y: number, r: number): number {
  switch (operation) {
    case "add":
      return sumError(x, y, r);
    case "sub":
      return sumError(x, -y, r);
    case "mul":
      return productError(x, y, r);
    case "div": {
      const p = r * y;
      const rest = x - p - productError(r, y, p);
      return y < 0 ? -rest : rest;
    }
    case "sqrt": {
      const p = r * r;
      return x - p - productError(r, r, p);
    }
    default:
      return operation satisfies never;
  }
}

const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer);
const single = new Float32Array(scratch.buffer);

/** The next number away from zero (1) or towards it (-1); not from zero. */
function step(width: 32 | 64, x: number, by: 1 | -1): number {
  if (width === 32) {
    single[0] = x;
    words[0] = (words[0] ?? 0) + by;
    return single[0];
  }
  scratch[0] = x;
  const low = ((words[0] ?? 0) + by) | 0;
  words[0] = low;
  if (low === (by === 1 ? 0 : -1)) words[1] = (words[1] ?? 0) + by;
  return scratch[0];
}

/** What rounding to nearest made `r` of, rounded as `mode` says; `error` has the sign of the exact result less r. */
export function redirect(width: 32 | 64, r: number, error: number, mode: number): number {
  const up = error > 0;
  const goesUp = mode === 2 || (mode === 3 && r < 0);
  if (up !== goesUp) return r;
  return step(width, r, up === r > 0 ? 1 : -1);
}

/** Between these, neither results nor the errors of doubles and singles come near overflow or underflow. */
const [LEAST_64, MOST_64, LEAST_32, MOST_32] = [2 ** -480, 2 ** 480, 2 ** -60, 2 ** 60];

function isModerate(width: 32 | 64, x: number): boolean {
  const size = Math.abs(x);
  return width === 64 ? size >= LEAST_64 && size <= MOST_64 : size >= LEAST_32 && size <= MOST_32;
}

/** What is exact because of a zero: the sign of none that is left of two is the mode's, where that is down. */
function withZero(s: Rounds, operation: Arithmetic, width: 32 | 64, x: number, y: number): number {
  const isFirst = x === 0 && (isModerate(width, y) || (y === 0 && operation !== "div" && s.rounding !== 1));
  const isSecond = y === 0 && operation !== "div" && isModerate(width, x);
  return isFirst || isSecond ? compute[operation](x, y) : Number.NaN;
}

/** The result for numbers of moderate exponents and zeros, `inexact` added to the flags where it is; NaN where they are not such. */
export function moderately(
  s: Rounds,
  inexact: number,
  operation: Arithmetic,
  width: 32 | 64,
  x: number,
  y: number,
): number {
  if (!isModerate(width, x) || !isModerate(width, y)) return withZero(s, operation, width, x, y);
  if (operation === "sqrt" && x < 0) return Number.NaN;
  const wide = compute[operation](x, y);
  const r = width === 64 ? wide : Math.fround(wide);
  const error = wide - r === 0 ? errorOf(operation, x, y, wide) : wide - r;
  if (error !== 0) {
    s.flags |= inexact;
    return s.rounding === 0 ? r : redirect(width, r, error, s.rounding);
  }
  // Nothing is left of a difference: of which sign, the mode says.
  if (r === 0) return s.rounding === 1 ? -0 : 0;
  return r;
}
