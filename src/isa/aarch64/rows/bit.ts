// Bit fields, shifts by registers, selections, and operations on the bits of one register. Specification: Arm ARM (DDI 0487), C6.2.
import type { Emitter, RegisterWidth } from "../emitter.js";
import { type Fields, rows, type Semantics } from "../instruction.js";
import { constant, not, read, shiftBy, widen, widthOf, write } from "../operands.js";

const ones = (count: number): bigint => (1n << BigInt(count)) - 1n;

/** UBFM and SBFM: bits immr to imms moved down, or bits 0 to imms moved up; zeros or signs above, zeros below. */
const bitField =
  (isSigned: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const n = read(e, width, i.Rn);
    const { immr, imms } = i;
    const right = isSigned ? 2 : 1;
    const above = width - 1 - imms;
    const up = width - immr;
    let result: typeof n;
    if (above === 0) result = shiftBy(e, width, n, right, immr);
    else if (isSigned && immr === 0 && (imms === 7 || imms === 15 || (imms === 31 && width === 64)))
      result = signExtend(e, width, n, (imms + 1) as 8 | 16 | 32);
    else if (isSigned) {
      const top = shiftBy(e, width, n, 0, above);
      result = shiftBy(e, width, top, 2, imms >= immr ? above + immr : immr - 1 - imms);
    } else if (imms >= immr) {
      const low = shiftBy(e, width, n, 1, immr);
      result = e.and(width, low, constant(e, width, ones(imms - immr + 1)));
    } else if (imms + 1 === immr) result = shiftBy(e, width, n, 0, up);
    else {
      const low = e.and(width, n, constant(e, width, ones(imms + 1)));
      result = shiftBy(e, width, low, 0, up);
    }
    write(e, width, i.Rd, result);
  };

function signExtend<V>(e: Emitter<V>, width: RegisterWidth, value: V, from: 8 | 16 | 32): V {
  return e.extendSigned(width, from, e.truncate(from, width, value));
}

/** BFM: the same bits put into Rd, which keeps the others. */
const insert: Semantics = (e, i) => {
  const width = widthOf(i);
  const { immr, imms } = i;
  const [count, at, from] = imms >= immr ? [imms - immr + 1, 0, immr] : [imms + 1, width - immr, 0];
  const field = ones(count) << BigInt(at);
  const moved = shiftBy(e, width, shiftBy(e, width, read(e, width, i.Rn), 1, from), 0, at);
  const kept = e.and(width, read(e, width, i.Rd), constant(e, width, ~field));
  write(e, width, i.Rd, e.or(width, kept, e.and(width, moved, constant(e, width, field))));
};

const sameN = ({ sf, N, immr, imms }: Fields) => N === sf && (sf === 1 || (immr < 32 && imms < 32));

const extract: Semantics = (e, i) => {
  const width = widthOf(i);
  const low = read(e, width, i.Rm);
  if (i.imms === 0) return write(e, width, i.Rd, low);
  if (i.Rn === i.Rm) return write(e, width, i.Rd, shiftBy(e, width, low, 3, i.imms));
  const high = shiftBy(e, width, read(e, width, i.Rn), 0, width - i.imms);
  write(e, width, i.Rd, e.or(width, shiftBy(e, width, low, 1, i.imms), high));
};

const fields = [
  ...rows(
    "SBFM",
    { run: bitField(true), only: sameN },
    "sf 00 100110 N immr imms Rn Rd | Rd, Rn, #immr, #imms",
  ),
  ...rows("BFM", { run: insert, only: sameN }, "sf 01 100110 N immr imms Rn Rd | Rd, Rn, #immr, #imms"),
  ...rows(
    "UBFM",
    { run: bitField(false), only: sameN },
    "sf 10 100110 N immr imms Rn Rd | Rd, Rn, #immr, #imms",
  ),
  ...rows("EXTR", { run: extract, only: sameN }, "sf 00 100111 N 0 Rm imms Rn Rd | Rd, Rn, Rm, #imms"),
];

/** Of the count, as many bits count as a shift can use. */
const byRegister =
  (name: "shl" | "shr" | "sar" | "rotr"): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const count = e.and(32, read(e, 32, i.Rm), e.constant(32, width - 1));
    write(e, width, i.Rd, e[name](width, read(e, width, i.Rn), count));
  };

const shifts = (["shl", "shr", "sar", "rotr"] as const).flatMap((name, op) =>
  rows(
    ["LSLV", "LSRV", "ASRV", "RORV"][op] ?? "",
    { run: byRegister(name) },
    `sf 0 0 11010110 Rm 0010 ${op.toString(2).padStart(2, "0")} Rn Rd | Rd, Rn, Rm`,
  ),
);

const one =
  (operation: <V>(e: Emitter<V>, width: RegisterWidth, a: V) => V): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    write(e, width, i.Rd, operation(e, width, read(e, width, i.Rn)));
  };

/** Exchanges neighbours of `distance` bits; `mask` has the lower of each pair. */
function exchange<V>(e: Emitter<V>, width: RegisterWidth, a: V, distance: number, mask: number): V {
  const lower = e.constant(width, mask, mask);
  const down = e.and(width, shiftBy(e, width, a, 1, distance), lower);
  return e.or(width, down, shiftBy(e, width, e.and(width, a, lower), 0, distance));
}

const reverseBits = one((e, width, a) => {
  let value = exchange(e, width, a, 1, 0x5555_5555);
  value = exchange(e, width, value, 2, 0x3333_3333);
  return e.byteSwap(width, exchange(e, width, value, 4, 0x0f0f_0f0f));
});

/** Bits below the sign that are like it. */
const leadingSigns = one((e, width, a) => {
  const differing = e.xor(width, a, shiftBy(e, width, a, 2, 1));
  return e.sub(width, e.clz(width, differing), e.constant(width, 1));
});

const singles = (
  [
    ["RBIT", "sf", "000", reverseBits],
    ["REV16", "sf", "001", one((e, width, a) => exchange(e, width, a, 8, 0x00ff_00ff))],
    ["REV", "sf=0", "010", one((e, width, a) => e.byteSwap(width, a))],
    ["REV32", "sf=1", "010", one((e, width, a) => shiftBy(e, width, e.byteSwap(width, a), 3, 32))],
    ["REV", "sf=1", "011", one((e, width, a) => e.byteSwap(width, a))],
    ["CLZ", "sf", "100", one((e, width, a) => e.clz(width, a))],
    ["CLS", "sf", "101", leadingSigns],
  ] as const
).flatMap(([mnemonic, sf, opcode, run]) =>
  rows(mnemonic, { run }, `${sf} 1 0 11010110 00000 000 ${opcode} Rn Rd | Rd, Rn`),
);

/** CSEL and its kin: Rn, or something of Rm. */
const select =
  (inverted: boolean, incremented: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const m = read(e, width, i.Rm);
    let other = inverted ? not(e, width, m) : m;
    const [n, isZero] = [read(e, width, i.Rn), i.Rn === 31 && i.Rm === 31];
    const holds = e.condition(i.cond);
    // CSET and CSETM.
    if (isZero && incremented !== inverted) {
      const bit = widen(e, width, e.xor(32, holds, e.constant(32, 1)));
      return write(e, width, i.Rd, incremented ? bit : e.sub(width, e.constant(width, 0), bit));
    }
    if (incremented) other = e.add(width, other, e.constant(width, 1));
    write(e, width, i.Rd, e.select(width, holds, n, other));
  };

const selections = (
  [
    ["CSEL", "0", "00", false, false],
    ["CSINC", "0", "01", false, true],
    ["CSINV", "1", "00", true, false],
    ["CSNEG", "1", "01", true, true],
  ] as const
).flatMap(([mnemonic, op, op2, inverted, incremented]) =>
  rows(
    mnemonic,
    { run: select(inverted, incremented) },
    `sf ${op} 0 11010100 Rm cond ${op2} Rn Rd | Rd, Rn, Rm, cond`,
  ),
);

/** Checksums are slow: nothing in WebAssembly helps with them. */
const checksums = ["CRC32", "CRC32C"].flatMap((name, c) =>
  ["B", "H", "W", "X"].flatMap((size, sz) =>
    rows(
      `${name}${size}`,
      {},
      `${size === "X" ? 1 : 0} 0 0 11010110 Rm 010 ${c} ${sz.toString(2).padStart(2, "0")} Rn Rd | Wd, Wn, ${size === "X" ? "X" : "W"}m`,
    ),
  ),
);

export const bitRows = [...fields, ...shifts, ...singles, ...selections, ...checksums];
