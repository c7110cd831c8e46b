// SSE moves: whole registers, low and high parts, lanes, masks, between XMM and general registers.
// Specification: Intel SDM volume 2.
import type { Emitter, Width } from "../emitter.js";
import { type Feature, type Instruction, type Operand, rows, type Semantics } from "../instruction.js";
import { effectiveAddress, operand, read, widthOf, write } from "../operands.js";
import {
  byteLanes,
  imm8,
  readLow,
  readPart,
  readVector,
  splatBytes,
  xmmOf,
  zero,
} from "../vector-operands.js";

/** All 16 bytes, into a register or memory. */
const moveWhole =
  (aligned: boolean): Semantics =>
  (e, i) => {
    const [to, from] = [operand(i, 0), operand(i, 1)];
    const value = readVector(e, from, aligned);
    if (to.kind === "memory") e.store("v128", effectiveAddress(e, to), value, aligned);
    else e.setXmm(xmmOf(to), value);
  };

/** MOVSS and MOVSD: from memory with zeros above, between registers the low lane only. */
const moveScalar =
  (lane: "f32" | "f64"): Semantics =>
  (e, i) => {
    const [to, from] = [operand(i, 0), operand(i, 1)];
    const value = readLow(e, from, lane);
    if (to.kind === "memory") e.store(lane, effectiveAddress(e, to), value);
    else if (from.kind === "memory") e.setXmmLowZero(lane, xmmOf(to), value);
    else e.setXmmLow(lane, xmmOf(to), value);
  };

/** A low lane with zeros above it: MOVQ, and MOVD and MOVQ from general registers. */
const moveZero: Semantics = (e, i) => {
  const [to, from] = [operand(i, 0), operand(i, 1)];
  if (from.kind === "xmm" || (from.kind === "memory" && widthOf(from) === 64)) {
    const value = readLow(e, from, "f64");
    if (to.kind === "memory") e.store("f64", effectiveAddress(e, to), value);
    else e.setXmmLowZero("f64", xmmOf(to), value);
    return;
  }
  const width = widthOf(from) === 32 ? 32 : 64;
  e.setXmmLowZero(width, xmmOf(to), read(e, from));
};

const moveToGeneral: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0)) === 32 ? 32 : 64;
  write(e, operand(i, 0), e.xmmLow(width, xmmOf(operand(i, 1))), width);
};

// Halves are doubles on their way: as integers they would go through a general register.
const loadLow: Semantics = (e, i) =>
  e.setXmmLow("f64", xmmOf(operand(i, 0)), readLow(e, operand(i, 1), "f64"));
const storeHalf = <V>(e: Emitter<V>, to: Operand, value: V): void => {
  if (to.kind !== "memory") throw new RangeError("half a register is stored to memory");
  e.store("f64", effectiveAddress(e, to), value);
};
const storeLow: Semantics = (e, i) => storeHalf(e, operand(i, 0), e.xmmLow("f64", xmmOf(operand(i, 1))));
const loadHigh: Semantics = (e, i) => {
  const to = xmmOf(operand(i, 0));
  e.setXmm(to, e.replaceLane("f64x2.replace_lane", 1, e.xmm(to), readLow(e, operand(i, 1), "f64")));
};
const highOf = <V>(e: Emitter<V>, o: Operand): V => e.extractLane("f64x2.extract_lane", 1, e.xmm(xmmOf(o)));
const storeHigh: Semantics = (e, i) => storeHalf(e, operand(i, 0), highOf(e, operand(i, 1)));
const highToLow: Semantics = (e, i) => e.setXmmLow("f64", xmmOf(operand(i, 0)), highOf(e, operand(i, 1)));

/** A permutation of the source and, from lane 16 on, the destination. */
const permute =
  (lanes: (i: Instruction) => readonly number[], second = false): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const source = readVector(e, operand(i, 1));
    e.setXmm(to, e.shuffle(lanes(i), source, second ? e.xmm(to) : source));
  };

/** UNPCK and PUNPCK: destination's and source's lanes in turn, of the low or the high half. */
const unpack = (size: number, high: boolean): Semantics =>
  permute(() => {
    const count = 8 / size;
    const first = high ? count : 0;
    const lanes = Array.from({ length: count }, (_, n) => [first + n + 16 / size, first + n]);
    return byteLanes(size, lanes.flat());
  }, true);

/** Four 2-bit selectors. */
const selectors = (imm: number) => [imm & 3, (imm >> 2) & 3, (imm >> 4) & 3, imm >> 6];
const pshufd = permute((i) => byteLanes(4, selectors(imm8(i, 2))));
const pshuflw = permute((i) => byteLanes(2, [...selectors(imm8(i, 2)), 4, 5, 6, 7]));
const pshufhw = permute((i) => byteLanes(2, [0, 1, 2, 3, ...selectors(imm8(i, 2)).map((n) => n + 4)]));
const shufps = permute((i) => {
  const [a = 0, b = 0, c = 0, d = 0] = selectors(imm8(i, 2));
  return byteLanes(4, [a + 4, b + 4, c, d]);
}, true);
const shufpd = permute((i) => byteLanes(8, [(imm8(i, 2) & 1) + 2, (imm8(i, 2) >> 1) & 1]), true);
const movsldup = permute(() => byteLanes(4, [0, 0, 2, 2]));
const movshdup = permute(() => byteLanes(4, [1, 1, 3, 3]));

const movddup: Semantics = (e, i) =>
  e.setXmm(xmmOf(operand(i, 0)), e.vector("f64x2.splat", readLow(e, operand(i, 1), "f64")));

/** Destination above source, moved right by bytes. */
const palignr: Semantics = (e, i) => {
  const to = xmmOf(operand(i, 0));
  const by = imm8(i, 2);
  const source = readVector(e, operand(i, 1));
  const lanes = (from: number) => Array.from({ length: 16 }, (_, n) => Math.min(n + from, 31));
  if (by < 16) e.setXmm(to, e.shuffle(lanes(by), source, e.xmm(to)));
  else e.setXmm(to, by < 32 ? e.shuffle(lanes(by - 16), e.xmm(to), zero(e)) : zero(e));
};

const shiftBytes =
  (left: boolean): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const by = Math.min(imm8(i, 1), 16);
    const lanes = Array.from({ length: 16 }, (_, n) => (left ? 16 - by + n : by + n));
    e.setXmm(to, left ? e.shuffle(lanes, zero(e), e.xmm(to)) : e.shuffle(lanes, e.xmm(to), zero(e)));
  };

const bitmask =
  (operation: "i8x16.bitmask" | "i32x4.bitmask" | "i64x2.bitmask"): Semantics =>
  (e, i) =>
    write(e, operand(i, 0), e.vector(operation, e.xmm(xmmOf(operand(i, 1)))), 32);

const laneShapes = { 8: "i8x16", 16: "i16x8", 32: "i32x4", 64: "i64x2" } as const;

const insert =
  (lane: Width): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const from = operand(i, 1);
    const width = lane < 32 && from.kind === "register" ? 32 : lane;
    let value = read(e, from, width);
    if (width < 32) value = e.extendUnsigned(32, width, value);
    const number = imm8(i, 2) & (128 / lane - 1);
    e.setXmm(to, e.replaceLane(`${laneShapes[lane]}.replace_lane`, number, e.xmm(to), value));
  };

const extractions = {
  8: "i8x16.extract_lane_u",
  16: "i16x8.extract_lane_u",
  32: "i32x4.extract_lane",
  64: "i64x2.extract_lane",
} as const;

/** To a general register with zeros above, or as much to memory. */
const extract =
  (lane: Width): Semantics =>
  (e, i) => {
    const to = operand(i, 0);
    const number = imm8(i, 2) & (128 / lane - 1);
    const value = e.extractLane(extractions[lane], number, e.xmm(xmmOf(operand(i, 1))));
    if (to.kind === "memory" && lane < 32) write(e, to, e.truncate(lane, 32, value), lane);
    else write(e, to, value, lane === 64 ? 64 : 32);
  };

/** INSERTPS: one lane of the source into one of the destination, then zeros where the mask says. */
const insertps: Semantics = (e, i) => {
  const to = xmmOf(operand(i, 0));
  const imm = imm8(i, 2);
  const from = operand(i, 1);
  const source = from.kind === "memory" ? readPart(e, from) : e.xmm(xmmOf(from));
  const lane = from.kind === "memory" ? 0 : imm >> 6;
  const inserted = [0, 1, 2, 3].map((n) => (n === ((imm >> 4) & 3) ? lane + 4 : n));
  const whole = e.shuffle(byteLanes(4, inserted), e.xmm(to), source);
  const kept = [0, 1, 2, 3].map((n) => ((imm >> n) & 1 ? n + 4 : n));
  e.setXmm(to, e.shuffle(byteLanes(4, kept), whole, zero(e)));
};

/** BLENDPS, BLENDPD, PBLENDW: lanes of the source where the immediate has ones. */
const blend = (size: number): Semantics =>
  permute((i) => {
    const count = 16 / size;
    const lanes = Array.from({ length: count }, (_, n) => ((imm8(i, 2) >> n) & 1 ? n : n + count));
    return byteLanes(size, lanes);
  }, true);

/** PBLENDVB and its kin: lanes of the source where XMM0's sign bits are set. */
const blendVariable =
  (shape: "i8x16" | "i32x4" | "i64x2", bits: number): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const mask = e.vector(`${shape}.shr_s`, e.xmm(0), e.constant(32, bits - 1));
    e.setXmm(to, e.vector("v128.bitselect", readVector(e, operand(i, 1)), e.xmm(to), mask));
  };

/** PSHUFB: a selector's bit 7 gives zero, its bits 4 to 6 count for nothing. */
const pshufb: Semantics = (e, i) => {
  const to = xmmOf(operand(i, 0));
  const lanes = e.vector("v128.and", readVector(e, operand(i, 1)), splatBytes(e, 0x8f));
  e.setXmm(to, e.vector("i8x16.swizzle", e.xmm(to), lanes));
};

const of = (feature: Feature, run?: Semantics) => (run === undefined ? { feature } : { feature, run });
const whole = (aligned: boolean) => moveWhole(aligned);

const unpacks = (
  [
    ["PUNPCKLBW", 0x60, 1, false],
    ["PUNPCKLWD", 0x61, 2, false],
    ["PUNPCKLDQ", 0x62, 4, false],
    ["PUNPCKHBW", 0x68, 1, true],
    ["PUNPCKHWD", 0x69, 2, true],
    ["PUNPCKHDQ", 0x6a, 4, true],
    ["PUNPCKLQDQ", 0x6c, 8, false],
    ["PUNPCKHQDQ", 0x6d, 8, true],
  ] as const
).flatMap(([name, opcode, size, high]) =>
  rows(
    name,
    of("SSE2", unpack(size, high)),
    `66 0F ${opcode.toString(16).toUpperCase()} /r | xmm1, xmm2/m128`,
  ),
);

export const sseMoveRows = [
  ...rows("MOVAPS", of("SSE", whole(true)), "NP 0F 28 /r | xmm1, xmm2/m128", "NP 0F 29 /r | xmm2/m128, xmm1"),
  ...rows(
    "MOVAPD",
    of("SSE2", whole(true)),
    "66 0F 28 /r | xmm1, xmm2/m128",
    "66 0F 29 /r | xmm2/m128, xmm1",
  ),
  ...rows(
    "MOVUPS",
    of("SSE", whole(false)),
    "NP 0F 10 /r | xmm1, xmm2/m128",
    "NP 0F 11 /r | xmm2/m128, xmm1",
  ),
  ...rows(
    "MOVUPD",
    of("SSE2", whole(false)),
    "66 0F 10 /r | xmm1, xmm2/m128",
    "66 0F 11 /r | xmm2/m128, xmm1",
  ),
  ...rows(
    "MOVDQA",
    of("SSE2", whole(true)),
    "66 0F 6F /r | xmm1, xmm2/m128",
    "66 0F 7F /r | xmm2/m128, xmm1",
  ),
  ...rows(
    "MOVDQU",
    of("SSE2", whole(false)),
    "F3 0F 6F /r | xmm1, xmm2/m128",
    "F3 0F 7F /r | xmm2/m128, xmm1",
  ),
  ...rows("MOVNTPS", of("SSE", whole(true)), "NP 0F 2B /r | m128, xmm1"),
  ...rows("MOVNTPD", of("SSE2", whole(true)), "66 0F 2B /r | m128, xmm1"),
  ...rows("MOVNTDQ", of("SSE2", whole(true)), "66 0F E7 /r | m128, xmm1"),
  ...rows("MOVNTDQA", of("SSE4_1", whole(true)), "66 0F 38 2A /r | xmm1, m128"),
  ...rows("LDDQU", of("SSE3", whole(false)), "F2 0F F0 /r | xmm1, m128"),
  ...rows(
    "MOVSS",
    of("SSE", moveScalar("f32")),
    "F3 0F 10 /r | xmm1, xmm2/m32",
    "F3 0F 11 /r | xmm2/m32, xmm1",
  ),
  ...rows(
    "MOVSD",
    of("SSE2", moveScalar("f64")),
    "F2 0F 10 /r | xmm1, xmm2/m64",
    "F2 0F 11 /r | xmm2/m64, xmm1",
  ),
  ...rows("MOVLPS", of("SSE", loadLow), "NP 0F 12 /r | xmm1, m64"),
  ...rows("MOVLPS", of("SSE", storeLow), "NP 0F 13 /r | m64, xmm1"),
  ...rows("MOVLPD", of("SSE2", loadLow), "66 0F 12 /r | xmm1, m64"),
  ...rows("MOVLPD", of("SSE2", storeLow), "66 0F 13 /r | m64, xmm1"),
  ...rows("MOVHLPS", of("SSE", highToLow), "NP 0F 12 /r | xmm1, xmm2"),
  ...rows("MOVHPS", of("SSE", loadHigh), "NP 0F 16 /r | xmm1, m64"),
  ...rows("MOVHPS", of("SSE", storeHigh), "NP 0F 17 /r | m64, xmm1"),
  ...rows("MOVHPD", of("SSE2", loadHigh), "66 0F 16 /r | xmm1, m64"),
  ...rows("MOVHPD", of("SSE2", storeHigh), "66 0F 17 /r | m64, xmm1"),
  ...rows("MOVLHPS", of("SSE", loadHigh), "NP 0F 16 /r | xmm1, xmm2"),
  ...rows("MOVD", of("SSE2", moveZero), "66 0F 6E /r | xmm1, r/m32"),
  ...rows("MOVQ", of("SSE2", moveZero), "66 REX.W 0F 6E /r | xmm1, r/m64", "F3 0F 7E /r | xmm1, xmm2/m64"),
  ...rows("MOVQ", of("SSE2", moveZero), "66 0F D6 /r | xmm2/m64, xmm1"),
  ...rows("MOVD", of("SSE2", moveToGeneral), "66 0F 7E /r | r/m32, xmm1"),
  ...rows("MOVQ", of("SSE2", moveToGeneral), "66 REX.W 0F 7E /r | r/m64, xmm1"),
  ...rows("MOVDDUP", of("SSE3", movddup), "F2 0F 12 /r | xmm1, xmm2/m64"),
  ...rows("MOVSLDUP", of("SSE3", movsldup), "F3 0F 12 /r | xmm1, xmm2/m128"),
  ...rows("MOVSHDUP", of("SSE3", movshdup), "F3 0F 16 /r | xmm1, xmm2/m128"),
  ...rows("MOVMSKPS", of("SSE", bitmask("i32x4.bitmask")), "NP 0F 50 /r | r32, xmm2"),
  ...rows("MOVMSKPD", of("SSE2", bitmask("i64x2.bitmask")), "66 0F 50 /r | r32, xmm2"),
  ...rows("PMOVMSKB", of("SSE2", bitmask("i8x16.bitmask")), "66 0F D7 /r | r32, xmm2"),
  ...rows("MASKMOVDQU", of("SSE2"), "66 0F F7 /r | xmm1, xmm2"),
  ...rows("UNPCKLPS", of("SSE", unpack(4, false)), "NP 0F 14 /r | xmm1, xmm2/m128"),
  ...rows("UNPCKHPS", of("SSE", unpack(4, true)), "NP 0F 15 /r | xmm1, xmm2/m128"),
  ...rows("UNPCKLPD", of("SSE2", unpack(8, false)), "66 0F 14 /r | xmm1, xmm2/m128"),
  ...rows("UNPCKHPD", of("SSE2", unpack(8, true)), "66 0F 15 /r | xmm1, xmm2/m128"),
  ...unpacks,
  ...rows("SHUFPS", of("SSE", shufps), "NP 0F C6 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("SHUFPD", of("SSE2", shufpd), "66 0F C6 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PSHUFD", of("SSE2", pshufd), "66 0F 70 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PSHUFHW", of("SSE2", pshufhw), "F3 0F 70 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PSHUFLW", of("SSE2", pshuflw), "F2 0F 70 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PSHUFB", of("SSSE3", pshufb), "66 0F 38 00 /r | xmm1, xmm2/m128"),
  ...rows("PALIGNR", of("SSSE3", palignr), "66 0F 3A 0F /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PSLLDQ", of("SSE2", shiftBytes(true)), "66 0F 73 /7 ib | xmm2, imm8"),
  ...rows("PSRLDQ", of("SSE2", shiftBytes(false)), "66 0F 73 /3 ib | xmm2, imm8"),
  ...rows("PINSRW", of("SSE2", insert(16)), "66 0F C4 /r ib | xmm1, r32/m16, imm8"),
  ...rows("PINSRB", of("SSE4_1", insert(8)), "66 0F 3A 20 /r ib | xmm1, r32/m8, imm8"),
  ...rows("PINSRD", of("SSE4_1", insert(32)), "66 0F 3A 22 /r ib | xmm1, r/m32, imm8"),
  ...rows("PINSRQ", of("SSE4_1", insert(64)), "66 REX.W 0F 3A 22 /r ib | xmm1, r/m64, imm8"),
  ...rows("INSERTPS", of("SSE4_1", insertps), "66 0F 3A 21 /r ib | xmm1, xmm2/m32, imm8"),
  ...rows("PEXTRW", of("SSE2", extract(16)), "66 0F C5 /r ib | r32, xmm2, imm8"),
  ...rows("PEXTRW", of("SSE4_1", extract(16)), "66 0F 3A 15 /r ib | r32/m16, xmm1, imm8"),
  ...rows("PEXTRB", of("SSE4_1", extract(8)), "66 0F 3A 14 /r ib | r32/m8, xmm1, imm8"),
  ...rows("PEXTRD", of("SSE4_1", extract(32)), "66 0F 3A 16 /r ib | r/m32, xmm1, imm8"),
  ...rows("PEXTRQ", of("SSE4_1", extract(64)), "66 REX.W 0F 3A 16 /r ib | r/m64, xmm1, imm8"),
  ...rows("EXTRACTPS", of("SSE4_1", extract(32)), "66 0F 3A 17 /r ib | r/m32, xmm1, imm8"),
  ...rows("BLENDPS", of("SSE4_1", blend(4)), "66 0F 3A 0C /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("BLENDPD", of("SSE4_1", blend(8)), "66 0F 3A 0D /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PBLENDW", of("SSE4_1", blend(2)), "66 0F 3A 0E /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PBLENDVB", of("SSE4_1", blendVariable("i8x16", 8)), "66 0F 38 10 /r | xmm1, xmm2/m128, XMM0"),
  ...rows("BLENDVPS", of("SSE4_1", blendVariable("i32x4", 32)), "66 0F 38 14 /r | xmm1, xmm2/m128, XMM0"),
  ...rows("BLENDVPD", of("SSE4_1", blendVariable("i64x2", 64)), "66 0F 38 15 /r | xmm1, xmm2/m128, XMM0"),
];
