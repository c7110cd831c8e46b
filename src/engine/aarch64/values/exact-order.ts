// Comparison, and the greater and lesser of two, as FPCR has them. Specification: Arm ARM (DDI 0487), J1 (FPCompare, FPCompareEQ, FPMax,
// FPMaxNum).
import { numberOf, type Two } from "./exact.js";
import {
  flag,
  type Format,
  infinityOf,
  type Mode,
  nanOf,
  signed,
  signOf,
  type Unpacked,
  unpack,
} from "./format.js";

export type Order = "less" | "equal" | "greater" | "unordered";

const valueOf = (f: Format, v: Unpacked, bits: bigint): number =>
  v.kind === "number" && v.whole === 0n ? 0 : numberOf(f, bits);

/** `signals`: a quiet NaN is an exception too. */
export function compare(m: Mode, f: Format, a: bigint, b: bigint, signals: boolean): Order {
  const [x, y] = [unpack(m, f, a), unpack(m, f, b)];
  const nans = [x, y].filter(({ kind }) => kind === "nan");
  if (nans.length > 0) {
    if (signals || nans.some((v) => v.kind === "nan" && !v.isQuiet)) m.flags |= flag.IOC;
    return "unordered";
  }
  const [p, q] = [valueOf(f, x, a), valueOf(f, y, b)];
  return p < q ? "less" : p > q ? "greater" : "equal";
}

/** All bits of a lane where one of some orders is there. */
export const mask =
  (orders: readonly Order[], signals: boolean): Two =>
  (m, f, a, b) =>
    orders.includes(compare(m, f, a, b, signals)) ? (signOf(f) << 1n) - 1n : 0n;

/** The same of magnitudes. */
export const maskOfMagnitudes =
  (orders: readonly Order[]): Two =>
  (m, f, a, b) =>
    mask(orders, true)(m, f, a & (signOf(f) - 1n), b & (signOf(f) - 1n));

/** The greater or lesser; of zeros the positive or negative one; a NaN where there is one. */
export const extreme =
  (which: "max" | "min"): Two =>
  (m, f, a, b) => {
    const [x, y] = [unpack(m, f, a), unpack(m, f, b)];
    const nan = nanOf(m, f, [x, y], [a, b]);
    if (nan !== undefined) return nan;
    const [p, q] = [valueOf(f, x, a), valueOf(f, y, b)];
    if (p === 0 && q === 0) {
      const isNegative = which === "max" ? x.isNegative && y.isNegative : x.isNegative || y.isNegative;
      return signed(f, isNegative, 0n);
    }
    const isFirst = which === "max" ? p > q : p < q;
    const [value, bits] = isFirst ? [x, a] : [y, b];
    return value.kind === "number" && value.whole === 0n ? signed(f, value.isNegative, 0n) : bits;
  };

/** The same, where one quiet NaN gives way to a number. */
export const extremeNumber =
  (which: "max" | "min"): Two =>
  (m, f, a, b) => {
    const least = signed(f, which === "max", infinityOf(f));
    const [x, y] = [unpack(m, f, a), unpack(m, f, b)];
    const isQuiet = (v: Unpacked) => v.kind === "nan" && v.isQuiet;
    if (isQuiet(x) && !isQuiet(y)) return extreme(which)(m, f, least, b);
    if (!isQuiet(x) && isQuiet(y)) return extreme(which)(m, f, a, least);
    return extreme(which)(m, f, a, b);
  };
