// Integer arithmetic: additions and subtractions with immediates, shifted and extended registers, with carry; conditional
// comparison; multiplication and division; addresses. Specification: Arm ARM (DDI 0487), C6.2.
import type { Emitter, RegisterWidth } from "../emitter.js";
import { type Fields, type Instruction, rows, type Semantics } from "../instruction.js";
import { constantOf, extended, not, read, shifted, widen, widthOf, write } from "../operands.js";

type Sum = "add" | "sub";

/** Rd of an operation that sets no flags may be SP; where it sets them 31 is ZR. */
function finish<V>(
  e: Emitter<V>,
  i: Instruction,
  name: Sum,
  flags: boolean,
  a: V,
  b: V,
  toSp: boolean,
): void {
  const width = widthOf(i);
  const result = name === "add" ? e.add(width, a, b) : e.sub(width, a, b);
  if (toSp) e.setRegister(width, i.Rd, result);
  else write(e, width, i.Rd, result);
  if (!flags) return;
  if (name === "add") e.flagsAdd(width, a, b, result);
  else e.flagsSub(width, a, b, result);
}

const immediate =
  (name: Sum, flags: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const b = e.constant(width, i.imm << (12 * i.sh));
    finish(e, i, name, flags, e.register(width, i.Rn), b, !flags);
  };

const byShifted =
  (name: Sum, flags: boolean): Semantics =>
  (e, i) =>
    finish(e, i, name, flags, read(e, widthOf(i), i.Rn), shifted(e, i), false);

const byExtended =
  (name: Sum, flags: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const b = extended(e, width, i.Rm, i.option, i.imm);
    finish(e, i, name, flags, e.register(width, i.Rn), b, !flags);
  };

/** ADC adds the carry; SBC is ADC of the complement. */
const withCarry =
  (name: Sum, flags: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const a = read(e, width, i.Rn);
    const m = read(e, width, i.Rm);
    const b = name === "add" ? m : not(e, width, m);
    const result = e.add(width, e.add(width, a, b), widen(e, width, e.flag("C")));
    write(e, width, i.Rd, result);
    if (flags) e.flagsAdd(width, a, b, result);
  };

const validShift = ({ sf, imm }: Fields) => sf === 1 || imm < 32;

const sums = (["add", "sub"] as const).flatMap((name, op) =>
  [false, true].flatMap((flags) => {
    const mnemonic = `${name.toUpperCase()}${flags ? "S" : ""}`;
    const bits = `sf ${op} ${flags ? 1 : 0}`;
    const to = flags ? "Rd" : "Rd|SP";
    const carry = `${name === "add" ? "ADC" : "SBC"}${flags ? "S" : ""}`;
    return [
      ...rows(
        mnemonic,
        { run: immediate(name, flags) },
        `${bits} 100010 sh imm12 Rn Rd | ${to}, Rn|SP, #imm, sh`,
      ),
      ...rows(
        mnemonic,
        { run: byShifted(name, flags), only: (i) => i.shift !== 3 && validShift(i) },
        `${bits} 01011 shift 0 Rm imm6 Rn Rd | Rd, Rn, Rm, shift`,
      ),
      ...rows(
        mnemonic,
        { run: byExtended(name, flags), only: ({ imm }) => imm <= 4 },
        `${bits} 01011 001 Rm option imm3 Rn Rd | ${to}, Rn|SP, extended`,
      ),
      ...rows(carry, { run: withCarry(name, flags) }, `${bits} 11010000 Rm 000000 Rn Rd | Rd, Rn, Rm`),
    ];
  }),
);

/** The sign bit as a bit. */
const signOf = <V>(e: Emitter<V>, width: RegisterWidth, value: V): V => {
  const sign = e.shr(width, value, e.constant(32, width - 1));
  return width === 64 ? e.truncate(32, 64, sign) : sign;
};

/** CCMP and CCMN: the flags of a comparison, or those that the instruction names. */
const conditional =
  (name: Sum, isImmediate: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const a = read(e, width, i.Rn);
    const b = isImmediate ? e.constant(width, i.imm) : read(e, width, i.Rm);
    const result = name === "add" ? e.add(width, a, b) : e.sub(width, a, b);
    const other = name === "add" ? not(e, width, e.xor(width, a, b)) : e.xor(width, a, b);
    const overflow = signOf(e, width, e.and(width, other, e.xor(width, a, result)));
    const carry =
      name === "add"
        ? e.lessUnsigned(width, result, a)
        : e.xor(32, e.lessUnsigned(width, a, b), e.constant(32, 1));
    const holds = e.condition(i.cond);
    const either = (bit: typeof holds, at: number) =>
      e.select(32, holds, bit, e.constant(32, (i.nzcv >> at) & 1));
    const zero = e.equal(width, result, e.constant(width, 0));
    e.setFlags(either(signOf(e, width, result), 3), either(zero, 2), either(carry, 1), either(overflow, 0));
  };

const comparisons = (["add", "sub"] as const).flatMap((name, op) => {
  const mnemonic = name === "add" ? "CCMN" : "CCMP";
  return [
    ...rows(
      mnemonic,
      { run: conditional(name, false) },
      `sf ${op} 1 11010010 Rm cond 00 Rn 0 nzcv | Rn, Rm, #nzcv, cond`,
    ),
    ...rows(
      mnemonic,
      { run: conditional(name, true) },
      `sf ${op} 1 11010010 imm5 cond 10 Rn 0 nzcv | Rn, #imm, #nzcv, cond`,
    ),
  ];
});

/** Ra plus or minus a product. */
const multiply =
  (name: Sum): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const product = e.mul(width, read(e, width, i.Rn), read(e, width, i.Rm));
    const result = i.Ra === 31 && name === "add" ? product : e[name](width, read(e, width, i.Ra), product);
    write(e, width, i.Rd, result);
  };

/** The same of 32-bit factors, in 64 bits. */
const multiplyLong =
  (name: Sum, isSigned: boolean): Semantics =>
  (e, i) => {
    const wide = (index: number) => extended(e, 64, index, isSigned ? 6 : 2, 0);
    const product = e.mul(64, wide(i.Rn), wide(i.Rm));
    write(e, 64, i.Rd, i.Ra === 31 && name === "add" ? product : e[name](64, read(e, 64, i.Ra), product));
  };

const multiplyHigh =
  (isSigned: boolean): Semantics =>
  (e, i) =>
    write(e, 64, i.Rd, e.mulHigh(isSigned, 64, read(e, 64, i.Rn), read(e, 64, i.Rm)));

/** By 0 gives 0, and the least integer by -1 itself: neither reaches the emitter's division. */
const divide =
  (isSigned: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const [n, m] = [read(e, width, i.Rn), read(e, width, i.Rm)];
    const zero = e.constant(width, 0);
    const isZero = e.equal(width, m, zero);
    const isMinusOne = isSigned ? e.equal(width, m, e.constant(width, -1)) : undefined;
    const isSpecial = isMinusOne === undefined ? isZero : e.or(32, isZero, isMinusOne);
    const divisor = e.select(width, isSpecial, e.constant(width, 1), m);
    const high = isSigned ? e.sar(width, n, e.constant(32, width - 1)) : zero;
    const { quotient } = e.divide(isSigned, width, high, n, divisor);
    const negated =
      isMinusOne === undefined ? quotient : e.select(width, isMinusOne, e.sub(width, zero, n), quotient);
    write(e, width, i.Rd, e.select(width, isZero, zero, negated));
  };

const products = [
  ...rows("MADD", { run: multiply("add") }, "sf 00 11011 000 Rm 0 Ra Rn Rd | Rd, Rn, Rm, Ra"),
  ...rows("MSUB", { run: multiply("sub") }, "sf 00 11011 000 Rm 1 Ra Rn Rd | Rd, Rn, Rm, Ra"),
  ...(["S", "U"] as const).flatMap((sign, u) => [
    ...rows(
      `${sign}MADDL`,
      { run: multiplyLong("add", sign === "S") },
      `100 11011 ${u}01 Rm 0 Ra Rn Rd | Xd, Wn, Wm, Xa`,
    ),
    ...rows(
      `${sign}MSUBL`,
      { run: multiplyLong("sub", sign === "S") },
      `100 11011 ${u}01 Rm 1 Ra Rn Rd | Xd, Wn, Wm, Xa`,
    ),
    ...rows(
      `${sign}MULH`,
      { run: multiplyHigh(sign === "S") },
      `100 11011 ${u}10 Rm 0 11111 Rn Rd | Xd, Xn, Xm`,
    ),
    ...rows(
      `${sign}DIV`,
      { run: divide(sign === "S") },
      `sf 0 0 11010110 Rm 00001 ${sign === "S" ? 1 : 0} Rn Rd | Rd, Rn, Rm`,
    ),
  ]),
];

/** The address is known once the instruction's own is. */
const address =
  (isPage: boolean): Semantics =>
  (e, i) => {
    const signed = ((i.immhi << 13) >> 11) | i.immlo;
    const target = isPage ? i.pc - (((i.pc % 4096) + 4096) % 4096) + signed * 4096 : i.pc + signed;
    write(e, 64, i.Rd, constantOf(e, 64, target));
  };

export const arithmeticRows = [
  ...sums,
  ...comparisons,
  ...products,
  ...rows("ADR", { run: address(false) }, "0 immlo 10000 immhi Rd | Xd, address"),
  ...rows("ADRP", { run: address(true) }, "1 immlo 10000 immhi Rd | Xd, page"),
];
