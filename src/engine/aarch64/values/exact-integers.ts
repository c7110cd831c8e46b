// Floating-point numbers to integers and fixed point, and back. Specification: Arm ARM (DDI 0487), J1 (FPRoundInt, FPToFixed, FixedToFP).
import type { One } from "./exact.js";
import {
  flag,
  type Format,
  infinityOf,
  type Mode,
  nanOf,
  round,
  type Rounding,
  roundsUp,
  signed,
  unpack,
} from "./format.js";

/** A magnitude times a power of two as a whole number, and whether that is another. */
function wholeOf(
  how: Rounding,
  isNegative: boolean,
  magnitude: bigint,
  power: number,
): readonly [whole: bigint, isInexact: boolean] {
  if (power >= 0) return [magnitude << BigInt(power), false];
  const down = BigInt(-power);
  const below = magnitude >> down;
  const rest = magnitude - (below << down);
  const isUp = roundsUp(how, isNegative, (below & 1n) === 1n, rest, 1n << (down - 1n));
  return [isUp ? below + 1n : below, rest !== 0n];
}

const magnitudeOf = (whole: bigint): bigint => (whole < 0n ? -whole : whole);

/** To an integral number; `how` absent: as FPCR says. `isExact`: that it is another is told of. */
export const toIntegral =
  (how?: Rounding, isExact = false): One =>
  (m, f, a) => {
    const x = unpack(m, f, a);
    const nan = nanOf(m, f, [x], [a]);
    if (nan !== undefined) return nan;
    if (x.kind !== "number") return signed(f, x.isNegative, infinityOf(f));
    const [whole, isInexact] = wholeOf(how ?? m.rounding, x.isNegative, magnitudeOf(x.whole), x.power);
    const { flags } = m;
    const result = round(m, f, { whole, power: 0, isNegative: x.isNegative });
    m.flags = flags | (isExact && isInexact ? flag.IXC : 0);
    return result;
  };

/** To an integer of so many bits with `fraction` of them behind the point, saturating; a NaN gives 0. */
export function toFixed(
  m: Mode,
  f: Format,
  a: bigint,
  how: Rounding,
  bits: number,
  isSigned: boolean,
  fraction: number,
): bigint {
  const most = (1n << BigInt(isSigned ? bits - 1 : bits)) - 1n;
  const least = isSigned ? -most - 1n : 0n;
  const x = unpack(m, f, a);
  if (x.kind !== "number") {
    m.flags |= flag.IOC;
    return x.kind === "nan" ? 0n : BigInt.asUintN(bits, x.isNegative ? least : most);
  }
  const [magnitude, isInexact] = wholeOf(how, x.isNegative, magnitudeOf(x.whole), x.power + fraction);
  const value = x.isNegative ? -magnitude : magnitude;
  const cut = value > most ? most : value < least ? least : value;
  if (cut !== value) m.flags |= flag.IOC;
  else if (isInexact) m.flags |= flag.IXC;
  return BigInt.asUintN(bits, cut);
}

export function fromFixed(
  m: Mode,
  f: Format,
  value: bigint,
  bits: number,
  isSigned: boolean,
  fraction: number,
): bigint {
  const whole = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  return round(m, f, { whole, power: -fraction, isNegative: whole < 0n });
}
