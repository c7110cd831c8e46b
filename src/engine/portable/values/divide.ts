// Division of double-width integers as processors have it: an error where the quotient does not fit.

/** The quotient does not fit, or there is none. */
export class QuotientError extends RangeError {}

const divideError = () => new QuotientError("division by zero or quotient too large");

/**
 * Quotient and remainder of unsigned high:low by the divisor at 8, 16 or 32 bits, as numbers, or undefined where a double is
 * too short for the dividend.
 */
export function fits(
  high: number,
  low: number,
  divisor: number,
  width: number,
): [number, number] | undefined {
  const d = divisor >>> 0;
  if (d === 0) throw divideError();
  const dividend = (high >>> 0) * 2 ** width + (low >>> 0);
  if (dividend >= 2 ** 53) return undefined;
  const remainder = dividend % d;
  const quotient = (dividend - remainder) / d;
  if (quotient >= 2 ** width) throw divideError();
  return [quotient | 0, remainder | 0];
}

/** The same for any width, and signed; operands and results are unsigned bit patterns of the width. */
export function divide64(
  signed: boolean,
  width: number,
  high: bigint,
  low: bigint,
  divisor: bigint,
): [bigint, bigint] {
  if (divisor === 0n) throw divideError();
  const whole = (high << BigInt(width)) | low;
  const dividend = signed ? BigInt.asIntN(2 * width, whole) : whole;
  const by = signed ? BigInt.asIntN(width, divisor) : divisor;
  const quotient = dividend / by;
  const limited = signed ? BigInt.asIntN(width, quotient) : BigInt.asUintN(width, quotient);
  if (limited !== quotient) throw divideError();
  return [quotient, dividend % by];
}
