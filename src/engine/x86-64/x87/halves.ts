// Extended arithmetic on 32-bit halves, for the numbers that programs compute with: normal ones, at 64 bits of precision.
// Whatever is not so simple is told by false and left to f80.ts. Specification: Intel SDM volume 1, 4.8; D. E. Knuth, The Art of
// Computer Programming 2, 4.3.1 (division).
import { flag } from "./f80.js";

/** The result of the operation that was last true. One object, since operations do not nest. */
export const result = { high: 0, low: 0, exponent: 0, sign: 0, flags: 0 };

const MAX_EXPONENT = 0x7ffe;
const BIAS = 16383;
const WORD = 2 ** 32;
const TOP = -0x8000_0000;

/** high:low.guard, normalised, to 64 bits; the guard's lowest bit is sticky. */
export function finish(
  high: number,
  low: number,
  guard: number,
  exponent: number,
  sign: number,
  mode: number,
): boolean {
  let isUp = false;
  if (guard !== 0) {
    if (mode === 0) isUp = guard < 0 && (guard !== TOP || (low & 1) === 1);
    else isUp = mode === (sign === 1 ? 1 : 2);
  }
  if (isUp) {
    low = (low + 1) | 0;
    if (low === 0) {
      high = (high + 1) | 0;
      if (high === 0) {
        high = TOP;
        exponent++;
      }
    }
  }
  if (exponent < 1 || exponent > MAX_EXPONENT) return false;
  result.high = high;
  result.low = low;
  result.exponent = exponent;
  result.sign = sign;
  result.flags = guard === 0 ? 0 : isUp ? flag.PE | flag.C1 : flag.PE;
  return true;
}

function exact(high: number, low: number, exponent: number, sign: number): true {
  result.high = high;
  result.low = low;
  result.exponent = exponent;
  result.sign = sign;
  result.flags = 0;
  return true;
}

const isZero = (high: number, low: number, exponent: number) => (high | low | exponent) === 0;
/** Has its integer bit and is finite; pseudo-denormals are not normal. */
const isNormal = (high: number, exponent: number) => high < 0 && exponent >= 1 && exponent <= MAX_EXPONENT;

/** Shifts left until the highest bit is set: of something that is not 0. */
function normalise(
  high: number,
  low: number,
  guard: number,
  exponent: number,
  sign: number,
  mode: number,
): boolean {
  while (high === 0) {
    high = low;
    low = guard;
    guard = 0;
    exponent -= 32;
  }
  const by = Math.clz32(high);
  if (by !== 0) {
    high = (high << by) | (low >>> (32 - by));
    low = (low << by) | (guard >>> (32 - by));
    guard <<= by;
    exponent -= by;
  }
  return finish(high, low, guard, exponent, sign, mode);
}

/** Signs are 0 or 1; subtraction is addition of the negated. */
export function add(
  ah: number,
  al: number,
  ae: number,
  as: number,
  bh: number,
  bl: number,
  be: number,
  bs: number,
  mode: number,
): boolean {
  if (!isNormal(ah, ae)) return isZero(ah, al, ae) && isNormal(bh, be) && exact(bh, bl, be, bs);
  if (!isNormal(bh, be)) return isZero(bh, bl, be) && exact(ah, al, ae, as);
  const isSmaller = ae < be || (ae === be && (ah >>> 0 < bh >>> 0 || (ah === bh && al >>> 0 < bl >>> 0)));
  if (isSmaller) return add(bh, bl, be, bs, ah, al, ae, as, mode);
  const by = ae - be;
  let guard = 0;
  if (by >= 32) {
    const within = by & 31;
    if (by >= 96) {
      guard = 1;
      bh = bl = 0;
    } else if (by >= 64) {
      const lost = within === 0 ? bl : bl | (bh << (32 - within));
      guard = (bh >>> within) | (lost === 0 ? 0 : 1);
      bh = bl = 0;
    } else {
      const lost = within === 0 ? 0 : bl << (32 - within);
      guard = within === 0 ? bl : (bl >>> within) | (bh << (32 - within)) | (lost === 0 ? 0 : 1);
      bl = bh >>> within;
      bh = 0;
    }
  } else if (by !== 0) {
    guard = bl << (32 - by);
    bl = (bl >>> by) | (bh << (32 - by));
    bh >>>= by;
  }
  if (as === bs) {
    const low = (al + bl) | 0;
    const sum = (ah >>> 0) + (bh >>> 0) + (low >>> 0 < al >>> 0 ? 1 : 0);
    if (sum < WORD) return finish(sum | 0, low, guard, ae, as, mode);
    guard = (guard >>> 1) | (guard & 1) | (low << 31);
    return finish((sum >>> 1) | TOP, (low >>> 1) | (sum << 31), guard, ae + 1, as, mode);
  }
  const difference = (al >>> 0) - (bl >>> 0) - (guard === 0 ? 0 : 1);
  const high = (ah - bh - (difference < 0 ? 1 : 0)) | 0;
  const low = difference | 0;
  guard = -guard | 0;
  if ((high | low | guard) === 0) return exact(0, 0, 0, mode === 1 ? 1 : 0);
  return normalise(high, low, guard, ae, as, mode);
}

/** The upper half of the product of two words, whose lower half is known: a double is near enough to tell. */
const upper = (a: number, b: number, low: number): number =>
  (((a >>> 0) * (b >>> 0) - (low >>> 0)) / WORD + 0.5) >>> 0;

export function multiply(
  ah: number,
  al: number,
  ae: number,
  bh: number,
  bl: number,
  be: number,
  sign: number,
  mode: number,
): boolean {
  if (!isNormal(ah, ae) || !isNormal(bh, be)) {
    const aZero = isZero(ah, al, ae);
    const bZero = isZero(bh, bl, be);
    const isPlain = (aZero && (bZero || isNormal(bh, be))) || (bZero && isNormal(ah, ae));
    return isPlain && exact(0, 0, 0, sign);
  }
  const ll = Math.imul(al, bl);
  const lh = Math.imul(al, bh);
  const hl = Math.imul(ah, bl);
  const hh = Math.imul(ah, bh);
  const second = upper(al, bl, ll) + (lh >>> 0) + (hl >>> 0);
  const third = (hh >>> 0) + upper(al, bh, lh) + upper(ah, bl, hl) + Math.floor(second / WORD);
  const high = (upper(ah, bh, hh) + Math.floor(third / WORD)) | 0;
  const low = third | 0;
  const guard = second | 0;
  const exponent = ae + be - BIAS;
  if (high < 0) return finish(high, low, guard | (ll === 0 ? 0 : 1), exponent + 1, sign, mode);
  const rest = (guard << 1) | (ll >>> 31) | (ll << 1 === 0 ? 0 : 1);
  return finish((high << 1) | (low >>> 31), (low << 1) | (guard >>> 31), rest, exponent, sign, mode);
}

/** What is left of a division so far. */
const rest = { high: 0, low: 0 };

/** One digit of 32 bits: of rest:next by the divisor; the rest is less than that. */
function digit(next: number, bh: number, bl: number): number {
  const divisor = (bh >>> 0) * WORD + (bl >>> 0);
  const dividend = (rest.high >>> 0) * WORD * WORD + (rest.low >>> 0) * WORD + (next >>> 0);
  let q = Math.min(WORD - 1, Math.floor(dividend / divisor));
  const p0 = Math.imul(q, bl);
  const t = Math.imul(q, bh);
  const middle = (t >>> 0) + upper(q, bl, p0);
  const p2 = upper(q, bh, t) + (middle >= WORD ? 1 : 0);
  const d0 = (next >>> 0) - (p0 >>> 0);
  const d1 = (rest.low >>> 0) - (middle >>> 0) - (d0 < 0 ? 1 : 0);
  let d2 = (rest.high >>> 0) - p2 - (d1 < 0 ? 1 : 0);
  let high = d1 | 0;
  let low = d0 | 0;
  // The estimate is off by one at most.
  if (d2 < 0) {
    q--;
    const sum = (low >>> 0) + (bl >>> 0);
    high = (high + bh + (sum >= WORD ? 1 : 0)) | 0;
    low = sum | 0;
    d2 = 0;
  } else if (d2 > 0 || high >>> 0 > bh >>> 0 || (high === bh && low >>> 0 >= bl >>> 0)) {
    q++;
    const difference = (low >>> 0) - (bl >>> 0);
    high = (high - bh - (difference < 0 ? 1 : 0)) | 0;
    low = difference | 0;
  }
  rest.high = high;
  rest.low = low;
  return q | 0;
}

export function divide(
  ah: number,
  al: number,
  ae: number,
  bh: number,
  bl: number,
  be: number,
  sign: number,
  mode: number,
): boolean {
  if (!isNormal(bh, be)) return false;
  if (!isNormal(ah, ae)) return isZero(ah, al, ae) && exact(0, 0, 0, sign);
  const isLess = ah >>> 0 < bh >>> 0 || (ah === bh && al >>> 0 < bl >>> 0);
  rest.high = isLess ? ah : ah >>> 1;
  rest.low = isLess ? al : (al >>> 1) | (ah << 31);
  const high = digit(isLess ? 0 : al << 31, bh, bl);
  const low = digit(0, bh, bl);
  const guard = digit(0, bh, bl) | ((rest.high | rest.low) === 0 ? 0 : 1);
  return finish(high, low, guard, ae - be + BIAS - (isLess ? 1 : 0), sign, mode);
}

/** -1, 0 or 1; NaN where one is no normal number and not zero. */
export function compare(
  ah: number,
  al: number,
  ae: number,
  as: number,
  bh: number,
  bl: number,
  be: number,
  bs: number,
): number {
  const aZero = isZero(ah, al, ae);
  const bZero = isZero(bh, bl, be);
  if (!aZero && !isNormal(ah, ae)) return Number.NaN;
  if (!bZero && !isNormal(bh, be)) return Number.NaN;
  if (aZero && bZero) return 0;
  if (aZero) return bs === 1 ? 1 : -1;
  if (bZero || as !== bs) return as === 1 ? -1 : 1;
  const size =
    ae !== be ? ae - be : ah !== bh ? (ah >>> 0) - (bh >>> 0) : al !== bl ? (al >>> 0) - (bl >>> 0) : 0;
  if (size === 0) return 0;
  return size > 0 === (as === 0) ? 1 : -1;
}
