// SSE on packed integers, from SSE2 to SSE4.2; and AES, PCLMULQDQ, SHA and text comparisons, which are slow.
// Specification: Intel SDM volume 2.
import type { Emitter } from "../emitter.js";
import { type Feature, rows, type Semantics } from "../instruction.js";
import { operand } from "../operands.js";
import type { VectorOperation } from "../operation.js";
import { byteLanes, readPart, readVector, splatBytes, xmmOf, zero } from "../vector-operands.js";

const packed =
  (operation: <V>(e: Emitter<V>, a: V, b: V) => V): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const source = readVector(e, operand(i, 1));
    e.setXmm(to, operation(e, e.xmm(to), source));
  };
const named = (operation: VectorOperation): Semantics => packed((e, a, b) => e.vector(operation, a, b));

/** One operation, destination first. */
const simple: readonly (readonly [Feature, string, string, VectorOperation])[] = [
  ["SSE2", "PACKSSWB", "63", "i8x16.narrow_i16x8_s"],
  ["SSE2", "PCMPGTB", "64", "i8x16.gt_s"],
  ["SSE2", "PCMPGTW", "65", "i16x8.gt_s"],
  ["SSE2", "PCMPGTD", "66", "i32x4.gt_s"],
  ["SSE2", "PACKUSWB", "67", "i8x16.narrow_i16x8_u"],
  ["SSE2", "PACKSSDW", "6B", "i16x8.narrow_i32x4_s"],
  ["SSE2", "PCMPEQB", "74", "i8x16.eq"],
  ["SSE2", "PCMPEQW", "75", "i16x8.eq"],
  ["SSE2", "PCMPEQD", "76", "i32x4.eq"],
  ["SSE2", "PADDQ", "D4", "i64x2.add"],
  ["SSE2", "PMULLW", "D5", "i16x8.mul"],
  ["SSE2", "PSUBUSB", "D8", "i8x16.sub_sat_u"],
  ["SSE2", "PSUBUSW", "D9", "i16x8.sub_sat_u"],
  ["SSE2", "PMINUB", "DA", "i8x16.min_u"],
  ["SSE2", "PAND", "DB", "v128.and"],
  ["SSE2", "PADDUSB", "DC", "i8x16.add_sat_u"],
  ["SSE2", "PADDUSW", "DD", "i16x8.add_sat_u"],
  ["SSE2", "PMAXUB", "DE", "i8x16.max_u"],
  ["SSE2", "PAVGB", "E0", "i8x16.avgr_u"],
  ["SSE2", "PAVGW", "E3", "i16x8.avgr_u"],
  ["SSE2", "PSUBSB", "E8", "i8x16.sub_sat_s"],
  ["SSE2", "PSUBSW", "E9", "i16x8.sub_sat_s"],
  ["SSE2", "PMINSW", "EA", "i16x8.min_s"],
  ["SSE2", "POR", "EB", "v128.or"],
  ["SSE2", "PADDSB", "EC", "i8x16.add_sat_s"],
  ["SSE2", "PADDSW", "ED", "i16x8.add_sat_s"],
  ["SSE2", "PMAXSW", "EE", "i16x8.max_s"],
  ["SSE2", "PXOR", "EF", "v128.xor"],
  ["SSE2", "PMADDWD", "F5", "i32x4.dot_i16x8_s"],
  ["SSE2", "PSUBB", "F8", "i8x16.sub"],
  ["SSE2", "PSUBW", "F9", "i16x8.sub"],
  ["SSE2", "PSUBD", "FA", "i32x4.sub"],
  ["SSE2", "PSUBQ", "FB", "i64x2.sub"],
  ["SSE2", "PADDB", "FC", "i8x16.add"],
  ["SSE2", "PADDW", "FD", "i16x8.add"],
  ["SSE2", "PADDD", "FE", "i32x4.add"],
  ["SSE4_1", "PCMPEQQ", "38 29", "i64x2.eq"],
  ["SSE4_1", "PACKUSDW", "38 2B", "i16x8.narrow_i32x4_u"],
  ["SSE4_2", "PCMPGTQ", "38 37", "i64x2.gt_s"],
  ["SSE4_1", "PMINSB", "38 38", "i8x16.min_s"],
  ["SSE4_1", "PMINSD", "38 39", "i32x4.min_s"],
  ["SSE4_1", "PMINUW", "38 3A", "i16x8.min_u"],
  ["SSE4_1", "PMINUD", "38 3B", "i32x4.min_u"],
  ["SSE4_1", "PMAXSB", "38 3C", "i8x16.max_s"],
  ["SSE4_1", "PMAXSD", "38 3D", "i32x4.max_s"],
  ["SSE4_1", "PMAXUW", "38 3E", "i16x8.max_u"],
  ["SSE4_1", "PMAXUD", "38 3F", "i32x4.max_u"],
  ["SSE4_1", "PMULLD", "38 40", "i32x4.mul"],
];

/** One operation on the source alone. */
const absolute: readonly (readonly [string, string, VectorOperation])[] = [
  ["PABSB", "1C", "i8x16.abs"],
  ["PABSW", "1D", "i16x8.abs"],
  ["PABSD", "1E", "i32x4.abs"],
];

/** Upper halves of 16-bit products. */
const multiplyHigh = (sign: "s" | "u"): Semantics =>
  packed((e, a, b) => {
    const low = e.vector(`i32x4.extmul_low_i16x8_${sign}`, a, b);
    const high = e.vector(`i32x4.extmul_high_i16x8_${sign}`, a, b);
    return e.shuffle(byteLanes(2, [1, 3, 5, 7, 9, 11, 13, 15]), low, high);
  });

/** 64-bit products of the even 32-bit lanes. */
const multiplyEven = (sign: "s" | "u"): Semantics =>
  packed((e, a, b) => {
    const even = (v: typeof a) => e.shuffle(byteLanes(4, [0, 2, 0, 2]), v, v);
    return e.vector(`i64x2.extmul_low_i32x4_${sign}`, even(a), even(b));
  });

/** Sums of the absolute differences of eight bytes. */
const sumOfDifferences = packed((e, a, b) => {
  const differences = e.vector(
    "v128.or",
    e.vector("i8x16.sub_sat_u", a, b),
    e.vector("i8x16.sub_sat_u", b, a),
  );
  const words = e.vector("i16x8.extadd_pairwise_i8x16_u", differences);
  const doubles = e.vector("i32x4.extadd_pairwise_i16x8_u", words);
  const upper = e.vector("i64x2.shr_u", doubles, e.constant(32, 32));
  const lower = e.vector("v128.and", doubles, splatBytes(e, 255, 255, 255, 255, 0, 0, 0, 0));
  return e.vector("i64x2.add", upper, lower);
});

/** PHADD and PHSUB: neighbours of the destination, then of the source. */
const horizontal = (size: 2 | 4, operation: VectorOperation): Semantics =>
  packed((e, a, b) => {
    const lanes = (odd: number) =>
      byteLanes(
        size,
        Array.from({ length: 16 / size }, (_, n) => 2 * n + odd),
      );
    return e.vector(operation, e.shuffle(lanes(0), a, b), e.shuffle(lanes(1), a, b));
  });

/** Unsigned bytes of the destination by signed ones of the source, neighbours summed with saturation. */
const multiplyAddBytes = packed((e, a, b) => {
  const eight = e.constant(32, 8);
  const even = e.vector(
    "i16x8.mul",
    e.vector("v128.and", a, splatBytes(e, 255, 0)),
    e.vector("i16x8.shr_s", e.vector("i16x8.shl", b, eight), eight),
  );
  const odd = e.vector("i16x8.mul", e.vector("i16x8.shr_u", a, eight), e.vector("i16x8.shr_s", b, eight));
  return e.vector("i16x8.add_sat_s", even, odd);
});

/** WebAssembly saturates the one product that x86 lets wrap: of the two smallest numbers. */
const multiplyRound = packed((e, a, b) => {
  const least = splatBytes(e, 0, 0x80);
  const both = e.vector("v128.and", e.vector("i16x8.eq", a, least), e.vector("i16x8.eq", b, least));
  return e.vector("v128.xor", e.vector("i16x8.q15mulr_sat_s", a, b), both);
});

/** PSIGN: the destination with the sign of the source, 0 where that is 0. */
const sign = (shape: "i8x16" | "i16x8" | "i32x4"): Semantics =>
  packed((e, a, b) => {
    const negated = e.vector(`${shape}.sub`, zero(e), a);
    const chosen = e.vector("v128.bitselect", negated, a, e.vector(`${shape}.gt_s`, zero(e), b));
    return e.vector("v128.andnot", chosen, e.vector(`${shape}.eq`, b, zero(e)));
  });

/** By the low 64 bits of the source or an immediate: too many bits give zeros, or signs. */
const shift = (
  shape: "i16x8" | "i32x4" | "i64x2",
  bits: number,
  kind: "shl" | "shr_u" | "shr_s",
): Semantics => {
  return (e, i) => {
    const to = xmmOf(operand(i, 0));
    const from = operand(i, 1);
    const operation = `${shape}.${kind}` as const;
    if (from.kind === "immediate") {
      const count = Math.min(from.low & 0xff, bits);
      if (count === bits && kind !== "shr_s") return e.setXmm(to, zero(e));
      const within = e.constant(32, Math.min(count, bits - 1));
      return e.setXmm(to, e.vector(operation, e.xmm(to), within));
    }
    const count = e.extractLane("i64x2.extract_lane", 0, readVector(e, from));
    const fits = e.lessUnsigned(64, count, e.constant(64, bits));
    const low = e.truncate(32, 64, count);
    if (kind === "shr_s") {
      const within = e.select(32, fits, low, e.constant(32, bits - 1));
      e.setXmm(to, e.vector(operation, e.xmm(to), within));
    } else e.setXmm(to, e.select("v128", fits, e.vector(operation, e.xmm(to), low), zero(e)));
  };
};

const shifts = (
  [
    ["PSRLW", "D1", "71 /2", "i16x8", 16, "shr_u"],
    ["PSRLD", "D2", "72 /2", "i32x4", 32, "shr_u"],
    ["PSRLQ", "D3", "73 /2", "i64x2", 64, "shr_u"],
    ["PSRAW", "E1", "71 /4", "i16x8", 16, "shr_s"],
    ["PSRAD", "E2", "72 /4", "i32x4", 32, "shr_s"],
    ["PSLLW", "F1", "71 /6", "i16x8", 16, "shl"],
    ["PSLLD", "F2", "72 /6", "i32x4", 32, "shl"],
    ["PSLLQ", "F3", "73 /6", "i64x2", 64, "shl"],
  ] as const
).flatMap(([name, byVector, byImmediate, shape, bits, kind]) =>
  rows(
    name,
    { run: shift(shape, bits, kind), feature: "SSE2" },
    `66 0F ${byVector} /r | xmm1, xmm2/m128`,
    `66 0F ${byImmediate} ib | xmm2, imm8`,
  ),
);

/** PMOVSX and PMOVZX: the low lanes, once or more to twice their width. */
const extensions = (
  [
    ["BW", "0", 64, ["i16x8.extend_low_i8x16"]],
    ["BD", "1", 32, ["i16x8.extend_low_i8x16", "i32x4.extend_low_i16x8"]],
    ["BQ", "2", 16, ["i16x8.extend_low_i8x16", "i32x4.extend_low_i16x8", "i64x2.extend_low_i32x4"]],
    ["WD", "3", 64, ["i32x4.extend_low_i16x8"]],
    ["WQ", "4", 32, ["i32x4.extend_low_i16x8", "i64x2.extend_low_i32x4"]],
    ["DQ", "5", 64, ["i64x2.extend_low_i32x4"]],
  ] as const
).flatMap(([name, digit, width, steps]) =>
  (["s", "u"] as const).flatMap((kind) => {
    const run: Semantics = (e, i) => {
      let value = readPart(e, operand(i, 1));
      for (const step of steps) value = e.vector(`${step}_${kind}`, value);
      e.setXmm(xmmOf(operand(i, 0)), value);
    };
    const [letter, column] = kind === "s" ? ["S", "2"] : ["Z", "3"];
    const encoding = `66 0F 38 ${column}${digit} /r | xmm1, xmm2/m${width}`;
    return rows(`PMOV${letter}X${name}`, { run, feature: "SSE4_1" }, encoding);
  }),
);

/** ZF: no common ones; CF: the source has none that the destination lacks. */
const ptest: Semantics = (e, i) => {
  const to = e.xmm(xmmOf(operand(i, 0)));
  const source = readVector(e, operand(i, 1));
  const isZero = (v: typeof to) => {
    const half = (lane: number) => e.extractLane("i64x2.extract_lane", lane, v);
    return e.equal(64, e.or(64, half(0), half(1)), e.constant(64, 0));
  };
  const common = isZero(e.vector("v128.and", source, to));
  e.setFlagsZPC(common, e.constant(32, 0), isZero(e.vector("v128.andnot", source, to)));
};

const of = (feature: Feature, run?: Semantics) => (run === undefined ? { feature } : { feature, run });

export const sseIntegerRows = [
  ...simple.flatMap(([feature, name, opcode, operation]) =>
    rows(name, of(feature, named(operation)), `66 0F ${opcode} /r | xmm1, xmm2/m128`),
  ),
  ...absolute.flatMap(([name, opcode, operation]) =>
    rows(
      name,
      of(
        "SSSE3",
        packed((e, _a, b) => e.vector(operation, b)),
      ),
      `66 0F 38 ${opcode} /r | xmm1, xmm2/m128`,
    ),
  ),
  ...rows(
    "PANDN",
    of(
      "SSE2",
      packed((e, a, b) => e.vector("v128.andnot", b, a)),
    ),
    "66 0F DF /r | xmm1, xmm2/m128",
  ),
  ...rows("PMULHW", of("SSE2", multiplyHigh("s")), "66 0F E5 /r | xmm1, xmm2/m128"),
  ...rows("PMULHUW", of("SSE2", multiplyHigh("u")), "66 0F E4 /r | xmm1, xmm2/m128"),
  ...rows("PMULUDQ", of("SSE2", multiplyEven("u")), "66 0F F4 /r | xmm1, xmm2/m128"),
  ...rows("PMULDQ", of("SSE4_1", multiplyEven("s")), "66 0F 38 28 /r | xmm1, xmm2/m128"),
  ...rows("PSADBW", of("SSE2", sumOfDifferences), "66 0F F6 /r | xmm1, xmm2/m128"),
  ...shifts,
  ...rows("PHADDW", of("SSSE3", horizontal(2, "i16x8.add")), "66 0F 38 01 /r | xmm1, xmm2/m128"),
  ...rows("PHADDD", of("SSSE3", horizontal(4, "i32x4.add")), "66 0F 38 02 /r | xmm1, xmm2/m128"),
  ...rows("PHADDSW", of("SSSE3", horizontal(2, "i16x8.add_sat_s")), "66 0F 38 03 /r | xmm1, xmm2/m128"),
  ...rows("PMADDUBSW", of("SSSE3", multiplyAddBytes), "66 0F 38 04 /r | xmm1, xmm2/m128"),
  ...rows("PHSUBW", of("SSSE3", horizontal(2, "i16x8.sub")), "66 0F 38 05 /r | xmm1, xmm2/m128"),
  ...rows("PHSUBD", of("SSSE3", horizontal(4, "i32x4.sub")), "66 0F 38 06 /r | xmm1, xmm2/m128"),
  ...rows("PHSUBSW", of("SSSE3", horizontal(2, "i16x8.sub_sat_s")), "66 0F 38 07 /r | xmm1, xmm2/m128"),
  ...rows("PSIGNB", of("SSSE3", sign("i8x16")), "66 0F 38 08 /r | xmm1, xmm2/m128"),
  ...rows("PSIGNW", of("SSSE3", sign("i16x8")), "66 0F 38 09 /r | xmm1, xmm2/m128"),
  ...rows("PSIGND", of("SSSE3", sign("i32x4")), "66 0F 38 0A /r | xmm1, xmm2/m128"),
  ...rows("PMULHRSW", of("SSSE3", multiplyRound), "66 0F 38 0B /r | xmm1, xmm2/m128"),
  ...extensions,
  ...rows("PTEST", of("SSE4_1", ptest), "66 0F 38 17 /r | xmm1, xmm2/m128"),
  ...rows("PHMINPOSUW", of("SSE4_1"), "66 0F 38 41 /r | xmm1, xmm2/m128"),
  ...rows("MPSADBW", of("SSE4_1"), "66 0F 3A 42 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PCMPESTRM", of("SSE4_2"), "66 0F 3A 60 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PCMPESTRI", of("SSE4_2"), "66 0F 3A 61 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PCMPISTRM", of("SSE4_2"), "66 0F 3A 62 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PCMPISTRI", of("SSE4_2"), "66 0F 3A 63 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("AESIMC", of("AES"), "66 0F 38 DB /r | xmm1, xmm2/m128"),
  ...rows("AESENC", of("AES"), "66 0F 38 DC /r | xmm1, xmm2/m128"),
  ...rows("AESENCLAST", of("AES"), "66 0F 38 DD /r | xmm1, xmm2/m128"),
  ...rows("AESDEC", of("AES"), "66 0F 38 DE /r | xmm1, xmm2/m128"),
  ...rows("AESDECLAST", of("AES"), "66 0F 38 DF /r | xmm1, xmm2/m128"),
  ...rows("AESKEYGENASSIST", of("AES"), "66 0F 3A DF /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("PCLMULQDQ", of("PCLMULQDQ"), "66 0F 3A 44 /r ib | xmm1, xmm2/m128, imm8"),
  ...rows("SHA1NEXTE", of("SHA"), "NP 0F 38 C8 /r | xmm1, xmm2/m128"),
  ...rows("SHA1MSG1", of("SHA"), "NP 0F 38 C9 /r | xmm1, xmm2/m128"),
  ...rows("SHA1MSG2", of("SHA"), "NP 0F 38 CA /r | xmm1, xmm2/m128"),
  ...rows("SHA256RNDS2", of("SHA"), "NP 0F 38 CB /r | xmm1, xmm2/m128, XMM0"),
  ...rows("SHA256MSG1", of("SHA"), "NP 0F 38 CC /r | xmm1, xmm2/m128"),
  ...rows("SHA256MSG2", of("SHA"), "NP 0F 38 CD /r | xmm1, xmm2/m128"),
  ...rows("SHA1RNDS4", of("SHA"), "NP 0F 3A CC /r ib | xmm1, xmm2/m128, imm8"),
];
