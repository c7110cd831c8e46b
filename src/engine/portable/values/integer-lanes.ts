// Packed integers by WebAssembly's names, on slots, as the interpreters of every ISA have them. Specification: WebAssembly 2.0,
// "Vector Instructions".
import { type VectorFunction, lanesOf } from "./lanes.js";
import type { VectorOperation } from "../../../isa/operation.js";
import type { Slots } from "./slots.js";

type Row = readonly [name: string, evaluate: VectorFunction];
type Two = (a: number, b: number) => number;
type Wide = (a: bigint, b: bigint) => bigint;

const clamp = (low: number, high: number, x: number): number => Math.max(low, Math.min(high, x));

/** Lane by lane; the arrays cut results to their width. */
function byLanes(bits: number, isSigned: boolean, f: Two): VectorFunction {
  const [per, count] = [32 / bits, 128 / bits];
  return (s, d, a, b) => {
    const lanes = lanesOf(s, bits, isSigned);
    for (let n = 0; n < count; n++) {
      lanes[d * per + n] = f(lanes[a * per + n] ?? 0, lanes[b * per + n] ?? 0);
    }
  };
}

/** The second operand is a count for all lanes. */
function byCount(bits: number, isSigned: boolean, f: Two): VectorFunction {
  const [per, lanesCount] = [32 / bits, 128 / bits];
  return (s, d, a, b) => {
    const lanes = lanesOf(s, bits, isSigned);
    const count = (s.i32[b] ?? 0) & (bits - 1);
    for (let n = 0; n < lanesCount; n++) lanes[d * per + n] = f(lanes[a * per + n] ?? 0, count);
  };
}

/** What lanes of 8, 16 and 32 bits have in common, signed or not. */
const operations: Readonly<Record<string, readonly [isSigned: boolean, f: Two]>> = {
  add: [true, (a, b) => a + b],
  sub: [true, (a, b) => a - b],
  mul: [true, (a, b) => Math.imul(a, b)],
  eq: [true, (a, b) => (a === b ? -1 : 0)],
  gt_s: [true, (a, b) => (a > b ? -1 : 0)],
  min_s: [true, Math.min],
  max_s: [true, Math.max],
  min_u: [false, Math.min],
  max_u: [false, Math.max],
  abs: [true, (a) => Math.abs(a)],
  avgr_u: [false, (a, b) => (a + b + 1) >>> 1],
};
const shifts: typeof operations = {
  shl: [true, (a, n) => a << n],
  shr_s: [true, (a, n) => a >> n],
  shr_u: [false, (a, n) => a >>> n],
};

function* ofNarrow(bits: 8 | 16 | 32): Iterable<Row> {
  const shape = `i${bits}x${128 / bits}`;
  const [per, count] = [32 / bits, 128 / bits];
  for (const [name, [isSigned, f]] of Object.entries(operations))
    yield [`${shape}.${name}`, byLanes(bits, isSigned, f)];
  for (const [name, [isSigned, f]] of Object.entries(shifts))
    yield [`${shape}.${name}`, byCount(bits, isSigned, f)];
  const [min, max, all] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 2 ** bits - 1];
  yield [`${shape}.add_sat_s`, byLanes(bits, true, (a, b) => clamp(min, max, a + b))];
  yield [`${shape}.sub_sat_s`, byLanes(bits, true, (a, b) => clamp(min, max, a - b))];
  yield [`${shape}.add_sat_u`, byLanes(bits, false, (a, b) => clamp(0, all, a + b))];
  yield [`${shape}.sub_sat_u`, byLanes(bits, false, (a, b) => clamp(0, all, a - b))];
  yield [
    `${shape}.bitmask`,
    (s, d, a) => {
      const lanes = lanesOf(s, bits, true);
      let mask = 0;
      for (let n = 0; n < count; n++) if ((lanes[a * per + n] ?? 0) < 0) mask |= 1 << n;
      s.i32[d] = mask;
    },
  ];
  yield [
    `${shape}.splat`,
    (s, d, a) => void lanesOf(s, bits, true).fill(s.i32[a] ?? 0, d * per, d * per + count),
  ];
}

const wideOperations: Readonly<Record<string, Wide>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  eq: (a, b) => (a === b ? -1n : 0n),
  gt_s: (a, b) => (a > b ? -1n : 0n),
  abs: (a) => (a < 0n ? -a : a),
};
const wideShifts: Readonly<Record<string, Wide>> = {
  shl: (a, n) => a << n,
  shr_s: (a, n) => a >> n,
  shr_u: (a, n) => BigInt.asUintN(64, a) >> n,
};

const splat64: VectorFunction = (s, d, a) => void s.i64.fill(s.i64[a >> 1] ?? 0n, d >> 1, (d >> 1) + 2);

function* ofWide(): Iterable<Row> {
  for (const [name, f] of Object.entries(wideOperations)) {
    yield [
      `i64x2.${name}`,
      (s, d, a, b) => {
        for (let n = 0; n < 2; n++)
          s.i64[(d >> 1) + n] = BigInt.asIntN(64, f(s.i64[(a >> 1) + n] ?? 0n, s.i64[(b >> 1) + n] ?? 0n));
      },
    ];
  }
  for (const [name, f] of Object.entries(wideShifts)) {
    yield [
      `i64x2.${name}`,
      (s, d, a, b) => {
        const count = BigInt((s.i32[b] ?? 0) & 63);
        for (let n = 0; n < 2; n++)
          s.i64[(d >> 1) + n] = BigInt.asIntN(64, f(s.i64[(a >> 1) + n] ?? 0n, count));
      },
    ];
  }
  yield [
    "i64x2.bitmask",
    (s, d, a) => {
      s.i32[d] = ((s.u32[a + 1] ?? 0) >>> 31) | (((s.u32[a + 3] ?? 0) >>> 31) << 1);
    },
  ];
  yield ["i64x2.splat", splat64];
}

type SetProduct = (s: Slots, d: number, n: number, x: number, y: number) => void;

/** Writes a lane of so many bits: the product of two lanes of half as many. */
const productLane = (bits: 16 | 32 | 64): SetProduct =>
  bits === 64
    ? (s, d, n, x, y) => (s.i64[(d >> 1) + n] = BigInt.asIntN(64, BigInt(x) * BigInt(y)))
    : (s, d, n, x, y) => (lanesOf(s, bits, true)[(d * 32) / bits + n] = Math.imul(x, y));

/** Between lanes of a width and those of half of it: narrowing with saturation, extension, and products of twice the width. */
function* between(bits: 16 | 32 | 64, sign: "s" | "u"): Iterable<Row> {
  const isSigned = sign === "s";
  const half = bits / 2;
  const count = 128 / bits;
  const [per, halfPer] = [32 / bits, 32 / half];
  const [shape, halfShape] = [`i${bits}x${count}`, `i${half}x${2 * count}`];
  const setProduct = productLane(bits);
  yield [
    `${shape}.extend_low_${halfShape}_${sign}`,
    (s, d, a) => {
      const from = lanesOf(s, half, isSigned);
      for (let n = 0; n < count; n++) setProduct(s, d, n, from[a * halfPer + n] ?? 0, 1);
    },
  ];
  for (const [part, skip] of [
    ["low", 0],
    ["high", count],
  ] as const) {
    yield [
      `${shape}.extmul_${part}_${halfShape}_${sign}`,
      (s, d, a, b) => {
        const from = lanesOf(s, half, isSigned);
        for (let n = skip; n < skip + count; n++)
          setProduct(s, d, n - skip, from[a * halfPer + n] ?? 0, from[b * halfPer + n] ?? 0);
      },
    ];
  }
  if (bits === 64) return;
  const [low, high] = isSigned ? [-(2 ** (half - 1)), 2 ** (half - 1) - 1] : [0, 2 ** half - 1];
  yield [
    `${halfShape}.narrow_${shape}_${sign}`,
    (s, d, a, b) => {
      const [to, from] = [lanesOf(s, half, true), lanesOf(s, bits, true)];
      for (let n = 0; n < count; n++) {
        to[d * halfPer + n] = clamp(low, high, from[a * per + n] ?? 0);
        to[d * halfPer + count + n] = clamp(low, high, from[b * per + n] ?? 0);
      }
    },
  ];
}

/** Sums and products of neighbouring lanes, and the rounded product of fractions. */
const pairs: readonly Row[] = [
  [
    "i16x8.extadd_pairwise_i8x16_u",
    (s, d, a) => {
      for (let n = 0; n < 8; n++)
        s.u16[d * 2 + n] = (s.u8[a * 4 + 2 * n] ?? 0) + (s.u8[a * 4 + 2 * n + 1] ?? 0);
    },
  ],
  [
    "i32x4.extadd_pairwise_i16x8_u",
    (s, d, a) => {
      for (let n = 0; n < 4; n++)
        s.u32[d + n] = (s.u16[a * 2 + 2 * n] ?? 0) + (s.u16[a * 2 + 2 * n + 1] ?? 0);
    },
  ],
  [
    "i32x4.dot_i16x8_s",
    (s, d, a, b) => {
      const product = (n: number) => (s.i16[a * 2 + n] ?? 0) * (s.i16[b * 2 + n] ?? 0);
      for (let n = 0; n < 4; n++) s.i32[d + n] = product(2 * n) + product(2 * n + 1);
    },
  ],
  [
    "i16x8.q15mulr_sat_s",
    (s, d, a, b) => {
      for (let n = 0; n < 8; n++) {
        const product = (s.i16[a * 2 + n] ?? 0) * (s.i16[b * 2 + n] ?? 0);
        s.i16[d * 2 + n] = Math.min(0x7fff, (product + 0x4000) >> 15);
      }
    },
  ],
];

const byWords =
  (f: (a: number, b: number, c: number) => number): VectorFunction =>
  (s, d, a, b, c) => {
    for (let n = 0; n < 4; n++) s.i32[d + n] = f(s.i32[a + n] ?? 0, s.i32[b + n] ?? 0, s.i32[c + n] ?? 0);
  };

/** Bits and bytes, and floats that are only moved. */
const bitwise: readonly Row[] = [
  ["f32x4.splat", (s, d, a) => void s.i32.fill(s.i32[a] ?? 0, d, d + 4)],
  ["f64x2.splat", splat64],
  ["v128.and", byWords((a, b) => a & b)],
  ["v128.or", byWords((a, b) => a | b)],
  ["v128.xor", byWords((a, b) => a ^ b)],
  ["v128.andnot", byWords((a, b) => a & ~b)],
  ["v128.not", byWords((a) => ~a)],
  ["v128.bitselect", byWords((a, b, c) => (a & c) | (b & ~c))],
  [
    "i8x16.swizzle",
    (s, d, a, b) => {
      for (let n = 0; n < 16; n++) {
        const lane = s.u8[b * 4 + n] ?? 0;
        s.u8[d * 4 + n] = lane < 16 ? (s.u8[a * 4 + lane] ?? 0) : 0;
      }
    },
  ],
];

/** All of them. */
export function* integerLanes(): Iterable<Row> {
  for (const bits of [8, 16, 32] as const) yield* ofNarrow(bits);
  yield* ofWide();
  for (const bits of [16, 32, 64] as const)
    for (const sign of ["s", "u"] as const) yield* between(bits, sign);
  yield* pairs;
  yield* bitwise;
}

let table: ReadonlyMap<string, VectorFunction> | undefined;

/** Does one of them on slots: the result at `d`, which is none of the operands. */
export function evaluateLanes(
  s: Slots,
  operation: VectorOperation,
  d: number,
  a: number,
  b: number,
  c: number,
): void {
  table ??= new Map(integerLanes());
  const evaluate = table.get(operation);
  if (evaluate === undefined) throw new RangeError(operation);
  evaluate(s, d, a, b, c);
}
