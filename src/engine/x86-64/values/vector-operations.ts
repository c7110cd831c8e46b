// Packed operations by WebAssembly's names, on slots. Specification: WebAssembly 2.0, "Vector Instructions"; NaNs are x86's.
import type { VectorOperation } from "../../../isa/operation.js";
import { saturate32 } from "./conversions.js";
import { integerLanes } from "../../portable/values/integer-lanes.js";
import type { VectorFunction } from "../../portable/values/lanes.js";
import { demote, exactly, fromInteger, promote } from "./exact-float.js";
import { arithmetic, flushBoth, round, roundingNames } from "./float-operations.js";
import type { FloatSlots } from "./float-slots.js";

type Table = Map<string, VectorFunction<FloatSlots>>;

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
}

function conversions(table: Table): void {
  table.set("f32x4.convert_i32x4_s", (s, d, a) => {
    for (let n = 0; n < 4; n++) fromInteger(s, 32, d + n, BigInt(s.i32[a + n] ?? 0));
  });
  table.set("i32x4.trunc_sat_f32x4_s", (s, d, a) => {
    for (let n = 0; n < 4; n++) s.i32[d + n] = saturate32(s.f32[a + n] ?? 0);
  });
  table.set("f64x2.convert_low_i32x4_s", (s, d, a) => {
    for (let n = 0; n < 2; n++) s.f64[(d >> 1) + n] = s.i32[a + n] ?? 0;
  });
  table.set("i32x4.trunc_sat_f64x2_s_zero", (s, d, a) => {
    for (let n = 0; n < 2; n++) s.i32[d + n] = saturate32(s.f64[(a >> 1) + n] ?? 0);
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
  const built: Table = new Map(integerLanes());
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
