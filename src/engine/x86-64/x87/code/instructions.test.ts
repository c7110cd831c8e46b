// The x87's function in WebAssembly against f80.ts, which computes with bigints: every operation on random numbers, in every
// precision and rounding mode; and that it really does what programs compute with. What the CPU gives is in
// test/x86-64/translated.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { webAssembly } from "../../../../wasm/host.js";
import { state } from "../../state.js";
import { placeOf, results } from "../../lift/functions.js";
import {
  add,
  divide,
  type F80,
  multiply,
  type Rounded,
  type Rounding,
  roundToInteger,
  squareRoot,
  subtract,
} from "../f80.js";
import { fromFloat, fromInteger, toFloat } from "../formats.js";
import { codeOf, detailsOf, type Operation } from "./operations.js";
import { x87Module } from "./instructions.js";

const memory = new webAssembly.Memory({ initial: 2 });
const X87_SLOT = placeOf("x87").slot;
const table = new webAssembly.Table({ initial: X87_SLOT + 1, element: "anyfunc" });
Reflect.construct(webAssembly.Instance, [
  new webAssembly.Module(x87Module(2, X87_SLOT)),
  { solo5: { memory, table } },
]);
const x87 = table.get(X87_SLOT) as (code: number, bits: bigint, details: number) => number;
const view = new DataView(memory.buffer);
const PRECISIONS = [24, 53, 64] as const;
const ROUNDS = 4000;

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
const bits = (count: number): bigint =>
  Array.from({ length: Math.ceil(count / 16) }).reduce<bigint>(
    (sum) => (sum << 16n) | BigInt(random(65536)),
    0n,
  ) &
  ((1n << BigInt(count)) - 1n);

/** Normal, near others, often with few bits; sometimes zero. */
function number(): F80 {
  const sign = random(2) as 0 | 1;
  if (random(20) === 0) return { sign, exponent: 0, significand: 0n };
  const exponent = 16383 + random(140) - 70;
  return {
    sign,
    exponent,
    significand:
      (1n << 63n) | (random(3) === 0 ? bits(63) & (bits(63) << 40n) & ((1n << 63n) - 1n) : bits(63)),
  };
}

function put(index: number, { sign, exponent, significand }: F80): void {
  view.setBigUint64(state.x87 + 16 * index, significand, true);
  view.setUint16(state.x87 + 16 * index + 8, (sign << 15) | exponent, true);
}
function get(index: number): F80 {
  const end = view.getUint16(state.x87 + 16 * index + 8, true);
  return {
    sign: (end >>> 15) as 0 | 1,
    exponent: end & 0x7fff,
    significand: view.getBigUint64(state.x87 + 16 * index, true),
  };
}

/** Two numbers in ST(0) and ST(1), and the control word; the rounding that it means. */
function begin(a: F80, b: F80, precision = 64): Rounding {
  const mode = random(4);
  const control = 0x7f | (mode << 10) | (([24, -1, 53, 64].indexOf(precision) & 3) << 8);
  view.setUint16(state.x87Control, control, true);
  view.setUint16(state.x87Status, 0, true);
  view.setUint16(state.x87Tag, 3, true);
  put(0, a);
  put(1, b);
  return { precision, mode };
}

const flagsNow = (): number => view.getUint16(state.x87Status, true) & 0x23f;

type Binary = (a: F80, b: F80, rounding: Rounding) => Rounded;
const binary: Readonly<Partial<Record<Operation, Binary>>> = {
  ADD: add,
  SUB: subtract,
  SUBR: (a, b, rounding) => subtract(b, a, rounding),
  MUL: multiply,
  DIV: divide,
  DIVR: (a, b, rounding) => divide(b, a, rounding),
  ROOT: (a, _, rounding) => squareRoot({ ...a, sign: 0 }, rounding),
  ROUND: (a, _, { mode }) => roundToInteger(a, mode),
};

for (const [operation, expected] of Object.entries(binary)) {
  test(`${operation} is what it is with bigints`, () => {
    let done = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [number(), number()];
      const rounding = begin(operation === "ROOT" ? { ...a, sign: 0 } : a, b, PRECISIONS[random(3)]);
      if (x87(codeOf(operation as Operation, "register"), 0n, detailsOf(0, 1, 0)) !== 0) continue;
      done++;
      const { value, flags } = expected(a, b, rounding);
      assert.deepEqual(
        { ...get(0), flags: flagsNow() },
        { ...value, flags },
        `${JSON.stringify([a, b], (_, v: unknown) => (typeof v === "bigint" ? v.toString(16) : v))} ${JSON.stringify(rounding)}`,
      );
    }
    // The rest divides by zero.
    assert.ok(done > 0.9 * ROUNDS, `${done} of ${ROUNDS}`);
  });
}

test("sums of numbers at every distance, of which the smaller has one bit or more, are what they are with bigints", () => {
  for (let distance = 0; distance < 140; distance++) {
    for (const low of [0n, 1n, 1n << 20n]) {
      for (const sign of [0, 1] as const) {
        const a: F80 = { sign: 0, exponent: 16383, significand: 1n << 63n };
        const b: F80 = { sign, exponent: 16383 - distance, significand: (1n << 63n) | low };
        const rounding = begin(a, b, PRECISIONS[random(3)]);
        assert.equal(x87(codeOf("ADD", "register"), 0n, detailsOf(0, 1, 0)), 0);
        const { value, flags } = add(a, b, rounding);
        assert.deepEqual({ ...get(0), flags: flagsNow() }, { ...value, flags }, `${distance} ${low} ${sign}`);
      }
    }
  }
});

test("numbers from memory and to memory are what they are with bigints", () => {
  let done = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const double = random(2) === 0;
    const width = double ? 64 : 32;
    const { mode } = begin(number(), number());
    const a = get(0);
    if (x87(codeOf(double ? "DOUBLE" : "SINGLE", "register"), 0n, detailsOf(0, 0, 0)) === 0) {
      done++;
      const { bits: expected, flags } = toFloat(a, width, mode);
      const result = BigInt.asUintN(width, view.getBigUint64(results.x87, true));
      assert.equal(result, expected);
      assert.equal(flagsNow(), flags);
    }
    view.setUint16(state.x87Tag, 0, true);
    const integer = BigInt.asIntN(64, bits(1 + random(64)));
    assert.equal(x87(codeOf("LOAD", "integer"), integer, detailsOf(0, 0, 0)), 0);
    assert.deepEqual(get(7), fromInteger(integer));
    view.setUint16(state.x87Tag, 0, true);
    view.setUint16(state.x87Status, 0, true);
    const raw = bits(width);
    if (x87(codeOf("LOAD", double ? "double" : "single"), raw, detailsOf(0, 0, 0)) === 0)
      assert.deepEqual(get(7), fromFloat(raw, width).value);
  }
  assert.ok(done > 0.9 * ROUNDS, `${done} of ${ROUNDS}`);
});

test("what is unusual is left as it was", () => {
  const infinity: F80 = { sign: 0, exponent: 0x7fff, significand: 1n << 63n };
  const usual: F80 = { sign: 0, exponent: 16383, significand: 1n << 63n };
  const attempt = (): number => x87(codeOf("ADD", "register"), 0n, detailsOf(0, 1, 0));
  begin(usual, infinity);
  const before = new Uint8Array(memory.buffer, 0, 1024).slice();
  assert.equal(attempt(), 1);
  assert.deepEqual(new Uint8Array(memory.buffer, 0, 1024), before);
  begin(usual, usual);
  view.setUint16(state.x87Tag, 1, true);
  assert.equal(attempt(), 1, "an empty register");
  begin(usual, usual);
  view.setUint16(state.x87Control, 0x37e, true);
  assert.equal(attempt(), 1, "an exception that is not masked");
  begin(usual, usual);
  view.setUint32(state.x87Off, 1, true);
  assert.equal(attempt(), 1, "switched off");
  view.setUint32(state.x87Off, 0, true);
  assert.equal(attempt(), 0);
});
