// Packed operations by WebAssembly's names, on slots. Specification: WebAssembly 2.0, "Vector Instructions"; NaNs are x86's.
import type { ExtractOperation, ReplaceOperation, VectorOperation } from "../../../isa/operation.js";
import { demote, exactly, fromInteger, promote } from "./exact-float.js";
import { arithmetic, flushBoth, round, roundingNames } from "./float-operations.js";
import type { FloatSlots } from "./float-slots.js";

type Evaluate = (s: FloatSlots, d: number, a: number, b: number, c: number) => void;
type Table = Map<string, Evaluate>;

/** Integer shapes: how to see their lanes signed and unsigned. Indices of slots are in 32-bit units. */
interface Shape {
  readonly name: string;
  readonly bits: number;
  readonly signed: (s: FloatSlots) => Int8Array | Int16Array | Int32Array;
  readonly unsigned: (s: FloatSlots) => Uint8Array | Uint16Array | Uint32Array;
}

const shapes: readonly Shape[] = [
  { name: "i8x16", bits: 8, signed: (s) => s.i8, unsigned: (s) => s.u8 },
  { name: "i16x8", bits: 16, signed: (s) => s.i16, unsigned: (s) => s.u16 },
  { name: "i32x4", bits: 32, signed: (s) => s.i32, unsigned: (s) => s.u32 },
];

type Two = (a: number, b: number) => number;

/** Lane by lane; typed arrays cut the results to their width. */
function lanes(shape: Shape, signed: boolean, f: Two): Evaluate {
  const per = 32 / shape.bits;
  return (s, d, a, b) => {
    const array = signed ? shape.signed(s) : shape.unsigned(s);
    for (let n = 0; n < per * 4; n++) {
      array[d * per + n] = f(array[a * per + n] ?? 0, array[b * per + n] ?? 0);
    }
  };
}

const clamp = (low: number, high: number, f: Two): Two => {
  return (a, b) => Math.max(low, Math.min(high, f(a, b)));
};

function integers(table: Table, shape: Shape): void {
  const { name, bits } = shape;
  const set = (operation: string, signed: boolean, f: Two) =>
    table.set(`${name}.${operation}`, lanes(shape, signed, f));
  const [min, max, all] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 2 ** bits - 1];
  set("add", true, (a, b) => a + b);
  set("sub", true, (a, b) => a - b);
  set("mul", true, (a, b) => Math.imul(a, b));
  set("eq", true, (a, b) => (a === b ? -1 : 0));
  set("gt_s", true, (a, b) => (a > b ? -1 : 0));
  set("min_s", true, Math.min);
  set("max_s", true, Math.max);
  set("min_u", false, Math.min);
  set("max_u", false, Math.max);
  set("abs", true, (a) => Math.abs(a));
  set("avgr_u", false, (a, b) => (a + b + 1) >>> 1);
  set(
    "add_sat_s",
    true,
    clamp(min, max, (a, b) => a + b),
  );
  set(
    "sub_sat_s",
    true,
    clamp(min, max, (a, b) => a - b),
  );
  set(
    "add_sat_u",
    false,
    clamp(0, all, (a, b) => a + b),
  );
  set(
    "sub_sat_u",
    false,
    clamp(0, all, (a, b) => a - b),
  );
  const per = 32 / bits;
  const shift = (operation: string, signed: boolean, f: Two) =>
    table.set(`${name}.${operation}`, (s, d, a, b) => {
      const array = signed ? shape.signed(s) : shape.unsigned(s);
      const count = (s.i32[b] ?? 0) & (bits - 1);
      for (let n = 0; n < per * 4; n++) array[d * per + n] = f(array[a * per + n] ?? 0, count);
    });
  shift("shl", true, (a, n) => a << n);
  shift("shr_s", true, (a, n) => a >> n);
  shift("shr_u", false, (a, n) => a >>> n);
  table.set(`${name}.bitmask`, (s, d, a) => {
    let mask = 0;
    for (let n = 0; n < per * 4; n++) if ((shape.signed(s)[a * per + n] ?? 0) < 0) mask |= 1 << n;
    s.i32[d] = mask;
  });
  table.set(`${name}.splat`, (s, d, a) => {
    shape.signed(s).fill(s.i32[a] ?? 0, d * per, d * per + per * 4);
  });
}

function integers64(table: Table): void {
  const set = (operation: string, signed: boolean, f: (a: bigint, b: bigint) => bigint) =>
    table.set(`i64x2.${operation}`, (s, d, a, b) => {
      const array = signed ? s.i64 : s.u64;
      for (let n = 0; n < 2; n++) {
        array[(d >> 1) + n] = BigInt.asUintN(64, f(array[(a >> 1) + n] ?? 0n, array[(b >> 1) + n] ?? 0n));
      }
    });
  set("add", true, (a, b) => a + b);
  set("sub", true, (a, b) => a - b);
  set("mul", true, (a, b) => a * b);
  set("eq", true, (a, b) => (a === b ? -1n : 0n));
  set("gt_s", true, (a, b) => (a > b ? -1n : 0n));
  const shift = (operation: string, signed: boolean, f: (a: bigint, n: bigint) => bigint) =>
    table.set(`i64x2.${operation}`, (s, d, a, b) => {
      const array = signed ? s.i64 : s.u64;
      const count = BigInt((s.i32[b] ?? 0) & 63);
      for (let n = 0; n < 2; n++) {
        array[(d >> 1) + n] = BigInt.asUintN(64, f(array[(a >> 1) + n] ?? 0n, count));
      }
    });
  shift("shl", false, (a, n) => a << n);
  shift("shr_u", false, (a, n) => a >> n);
  shift("shr_s", true, (a, n) => a >> n);
  table.set("i64x2.bitmask", (s, d, a) => {
    s.i32[d] = ((s.u32[a + 1] ?? 0) >>> 31) | (((s.u32[a + 3] ?? 0) >>> 31) << 1);
  });
  table.set("i64x2.splat", (s, d, a) => {
    s.u64.fill(s.u64[a >> 1] ?? 0n, d >> 1, (d >> 1) + 2);
  });
  for (const [suffix, array] of [
    ["s", (s: FloatSlots) => s.i32],
    ["u", (s: FloatSlots) => s.u32],
  ] as const) {
    table.set(`i64x2.extend_low_i32x4_${suffix}`, (s, d, a) => {
      for (let n = 0; n < 2; n++) s.u64[(d >> 1) + n] = BigInt.asUintN(64, BigInt(array(s)[a + n] ?? 0));
    });
    table.set(`i64x2.extmul_low_i32x4_${suffix}`, (s, d, a, b) => {
      for (let n = 0; n < 2; n++) {
        const product = BigInt(array(s)[a + n] ?? 0) * BigInt(array(s)[b + n] ?? 0);
        s.u64[(d >> 1) + n] = BigInt.asUintN(64, product);
      }
    });
  }
}

/** Between integer shapes: narrowing with saturation, extension, products of twice the width. */
function betweenShapes(table: Table): void {
  for (const [narrow, wide] of [
    [shapes[0], shapes[1]],
    [shapes[1], shapes[2]],
  ] as const) {
    if (narrow === undefined || wide === undefined) continue;
    const half = 128 / wide.bits;
    for (const sign of ["s", "u"] as const) {
      const isSigned = sign === "s";
      const low = isSigned ? -(2 ** (narrow.bits - 1)) : 0;
      const high = isSigned ? 2 ** (narrow.bits - 1) - 1 : 2 ** narrow.bits - 1;
      const [toLane, fromLane] = [32 / narrow.bits, 32 / wide.bits];
      table.set(`${narrow.name}.narrow_${wide.name}_${sign}`, (s, d, a, b) => {
        const [to, from] = [narrow.signed(s), wide.signed(s)];
        for (let n = 0; n < half; n++) {
          to[d * toLane + n] = Math.max(low, Math.min(high, from[a * fromLane + n] ?? 0));
          to[d * toLane + half + n] = Math.max(low, Math.min(high, from[b * fromLane + n] ?? 0));
        }
      });
      table.set(`${wide.name}.extend_low_${narrow.name}_${sign}`, (s, d, a) => {
        const from = isSigned ? narrow.signed(s) : narrow.unsigned(s);
        for (let n = 0; n < half; n++) wide.signed(s)[d * fromLane + n] = from[a * toLane + n] ?? 0;
      });
      for (const [part, skip] of [
        ["low", 0],
        ["high", half],
      ] as const) {
        table.set(`${wide.name}.extmul_${part}_${narrow.name}_${sign}`, (s, d, a, b) => {
          const from = isSigned ? narrow.signed(s) : narrow.unsigned(s);
          for (let n = 0; n < half; n++) {
            const x = from[a * toLane + skip + n] ?? 0;
            wide.signed(s)[d * fromLane + n] = Math.imul(x, from[b * toLane + skip + n] ?? 0);
          }
        });
      }
    }
  }
  table.set("i32x4.dot_i16x8_s", (s, d, a, b) => {
    const product = (n: number) => (s.i16[a * 2 + n] ?? 0) * (s.i16[b * 2 + n] ?? 0);
    for (let n = 0; n < 4; n++) s.i32[d + n] = product(2 * n) + product(2 * n + 1);
  });
}

/** Sums of neighbouring lanes, and the rounded product of fractions. */
function pairs(table: Table): void {
  table.set("i16x8.extadd_pairwise_i8x16_u", (s, d, a) => {
    for (let n = 0; n < 8; n++) {
      s.u16[d * 2 + n] = (s.u8[a * 4 + 2 * n] ?? 0) + (s.u8[a * 4 + 2 * n + 1] ?? 0);
    }
  });
  table.set("i32x4.extadd_pairwise_i16x8_u", (s, d, a) => {
    for (let n = 0; n < 4; n++) {
      s.u32[d + n] = (s.u16[a * 2 + 2 * n] ?? 0) + (s.u16[a * 2 + 2 * n + 1] ?? 0);
    }
  });
  table.set("i16x8.q15mulr_sat_s", (s, d, a, b) => {
    for (let n = 0; n < 8; n++) {
      const product = (s.i16[a * 2 + n] ?? 0) * (s.i16[b * 2 + n] ?? 0);
      s.i16[d * 2 + n] = Math.min(0x7fff, (product + 0x4000) >> 15);
    }
  });
}

function bitwise(table: Table): void {
  const set = (name: string, f: (a: number, b: number, c: number) => number) =>
    table.set(`v128.${name}`, (s, d, a, b, c) => {
      for (let n = 0; n < 4; n++) s.i32[d + n] = f(s.i32[a + n] ?? 0, s.i32[b + n] ?? 0, s.i32[c + n] ?? 0);
    });
  set("and", (a, b) => a & b);
  set("or", (a, b) => a | b);
  set("xor", (a, b) => a ^ b);
  set("andnot", (a, b) => a & ~b);
  set("not", (a) => ~a);
  set("bitselect", (a, b, c) => (a & c) | (b & ~c));
  table.set("i8x16.swizzle", (s, d, a, b) => {
    for (let n = 0; n < 16; n++) {
      const lane = s.u8[b * 4 + n] ?? 0;
      s.u8[d * 4 + n] = lane < 16 ? (s.u8[a * 4 + lane] ?? 0) : 0;
    }
  });
}

const comparisons: Record<string, (a: number, b: number) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  gt: (a, b) => a > b,
  le: (a, b) => a <= b,
  ge: (a, b) => a >= b,
};

function floats(table: Table): void {
  const shapesOf = { f64x2: 64, f32x4: 32 } as const;
  for (const shape of ["f64x2", "f32x4"] as const) {
    const width = shapesOf[shape];
    const lane = width / 32;
    for (const name of arithmetic) {
      table.set(`${shape}.${name}`, (s, d, a, b) => {
        for (let n = 0; n < 4; n += lane) exactly(s, name, width, d + n, a + n, b + n);
      });
    }
    for (const name of roundingNames) {
      table.set(`${shape}.${name}`, (s, d, a) => {
        for (let n = 0; n < 4; n += lane) round(s, width, name, d + n, a + n);
      });
    }
  }
  const doubles = (name: string, isSecond: (a: number, b: number) => boolean) =>
    table.set(`f64x2.${name}`, (s, d, a, b) => {
      for (let n = 0; n < 4; n += 2) {
        flushBoth(s, 64, a + n, b + n);
        const from = isSecond(s.f64[(a + n) >> 1] ?? 0, s.f64[(b + n) >> 1] ?? 0) ? b : a;
        s.i32[d + n] = s.i32[from + n] ?? 0;
        s.i32[d + n + 1] = s.i32[from + n + 1] ?? 0;
      }
    });
  const singles = (name: string, isSecond: (a: number, b: number) => boolean) =>
    table.set(`f32x4.${name}`, (s, d, a, b) => {
      for (let n = 0; n < 4; n++) {
        flushBoth(s, 32, a + n, b + n);
        const from = isSecond(s.f32[a + n] ?? 0, s.f32[b + n] ?? 0) ? b : a;
        s.i32[d + n] = s.i32[from + n] ?? 0;
      }
    });
  for (const set of [doubles, singles]) {
    set("pmin", (a, b) => b < a);
    set("pmax", (a, b) => a < b);
  }
  for (const [name, f] of Object.entries(comparisons)) {
    table.set(`f64x2.${name}`, (s, d, a, b) => {
      for (let n = 0; n < 4; n += 2) {
        flushBoth(s, 64, a + n, b + n);
        const holds = f(s.f64[(a + n) >> 1] ?? 0, s.f64[(b + n) >> 1] ?? 0);
        s.i32.fill(holds ? -1 : 0, d + n, d + n + 2);
      }
    });
    table.set(`f32x4.${name}`, (s, d, a, b) => {
      for (let n = 0; n < 4; n++) {
        flushBoth(s, 32, a + n, b + n);
        s.i32[d + n] = f(s.f32[a + n] ?? 0, s.f32[b + n] ?? 0) ? -1 : 0;
      }
    });
  }
  table.set("f64x2.splat", (s, d, a) => s.i32.copyWithin(d, a, a + 2).copyWithin(d + 2, a, a + 2));
  table.set("f32x4.splat", (s, d, a) => s.i32.fill(s.i32[a] ?? 0, d, d + 4));
}

const saturate = (x: number) =>
  Number.isNaN(x) ? 0 : Math.max(-0x8000_0000, Math.min(0x7fff_ffff, Math.trunc(x)));

function conversions(table: Table): void {
  table.set("f32x4.convert_i32x4_s", (s, d, a) => {
    for (let n = 0; n < 4; n++) fromInteger(s, 32, d + n, BigInt(s.i32[a + n] ?? 0));
  });
  table.set("i32x4.trunc_sat_f32x4_s", (s, d, a) => {
    for (let n = 0; n < 4; n++) s.i32[d + n] = saturate(s.f32[a + n] ?? 0);
  });
  table.set("f64x2.convert_low_i32x4_s", (s, d, a) => {
    for (let n = 0; n < 2; n++) s.f64[(d >> 1) + n] = s.i32[a + n] ?? 0;
  });
  table.set("i32x4.trunc_sat_f64x2_s_zero", (s, d, a) => {
    for (let n = 0; n < 2; n++) s.i32[d + n] = saturate(s.f64[(a >> 1) + n] ?? 0);
    s.i32.fill(0, d + 2, d + 4);
  });
  table.set("f64x2.promote_low_f32x4", (s, d, a) => {
    promote(s, d, a);
    promote(s, d + 2, a + 1);
  });
  table.set("f32x4.demote_f64x2_zero", (s, d, a) => {
    demote(s, d, a);
    demote(s, d + 1, a + 2);
    s.i32.fill(0, d + 2, d + 4);
  });
}

let table: Table | undefined;

function build(): Table {
  const built: Table = new Map();
  for (const shape of shapes) integers(built, shape);
  integers64(built);
  betweenShapes(built);
  pairs(built);
  bitwise(built);
  floats(built);
  conversions(built);
  return built;
}

/** Does one operation on slots: the result at `d`. */
export function evaluateVector(
  s: FloatSlots,
  operation: VectorOperation,
  d: number,
  a: number,
  b: number,
  c: number,
): void {
  table ??= build();
  const f = table.get(operation);
  if (f === undefined) throw new RangeError(operation);
  f(s, d, a, b, c);
}

export function evaluateExtract(
  s: FloatSlots,
  operation: ExtractOperation,
  d: number,
  lane: number,
  a: number,
): void {
  switch (operation) {
    case "i8x16.extract_lane_u":
      s.i32[d] = s.u8[a * 4 + lane] ?? 0;
      break;
    case "i16x8.extract_lane_u":
      s.i32[d] = s.u16[a * 2 + lane] ?? 0;
      break;
    case "i32x4.extract_lane":
    case "f32x4.extract_lane":
      s.i32[d] = s.i32[a + lane] ?? 0;
      break;
    case "i64x2.extract_lane":
    case "f64x2.extract_lane":
      s.i32[d] = s.i32[a + 2 * lane] ?? 0;
      s.i32[d + 1] = s.i32[a + 2 * lane + 1] ?? 0;
      break;
    default:
      operation satisfies never;
  }
}

export function evaluateReplace(
  s: FloatSlots,
  operation: ReplaceOperation,
  d: number,
  lane: number,
  a: number,
  value: number,
): void {
  s.i32.copyWithin(d, a, a + 4);
  switch (operation) {
    case "i8x16.replace_lane":
      s.u8[d * 4 + lane] = s.i32[value] ?? 0;
      break;
    case "i16x8.replace_lane":
      s.u16[d * 2 + lane] = s.i32[value] ?? 0;
      break;
    case "i32x4.replace_lane":
    case "f32x4.replace_lane":
      s.i32[d + lane] = s.i32[value] ?? 0;
      break;
    case "i64x2.replace_lane":
    case "f64x2.replace_lane":
      s.i32.copyWithin(d + 2 * lane, value, value + 2);
      break;
    default:
      operation satisfies never;
  }
}
