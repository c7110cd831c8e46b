// The function for exact SSE arithmetic against exact-float.ts, in every rounding mode; and that it really does what programs
// compute with. What the CPU gives is in test/x86-64/translated.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { webAssembly } from "../../../wasm/host.js";
import type { Arithmetic } from "../../portable/values/moderate.js";
import { exactly } from "../values/exact-float.js";
import { FloatSlots } from "../values/float-slots.js";
import { state } from "../state.js";
import { placeOf, results } from "../lift/functions.js";
import { exactModule } from "./code.js";
import { type ExactOperation, exactOperations } from "./operations.js";

const memory = new webAssembly.Memory({ initial: 2 });
const EXACT_SLOT = placeOf("exact").slot;
const table = new webAssembly.Table({ initial: EXACT_SLOT + 1, element: "anyfunc" });
Reflect.construct(webAssembly.Instance, [
  new webAssembly.Module(exactModule(2, EXACT_SLOT)),
  { solo5: { memory, table } },
]);
const exact = table.get(EXACT_SLOT) as (code: number, a: number, b: number) => number;
const view = new DataView(memory.buffer);
const ROUNDS = 5000;
const MASKED = 0x1f80;

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

/** Moderate, of any or of few bits; sometimes zero. */
function number(width: 32 | 64): number {
  const kind = random(16);
  if (kind === 0) return random(2) === 0 ? 0 : -0;
  const fraction = kind < 6 ? random(16) / 16 : (random(2 ** 26) * 2 ** 26 + random(2 ** 26)) / 2 ** 52;
  const value = (1 + fraction) * 2 ** (random(60) - 30) * (random(2) === 0 ? 1 : -1);
  return width === 64 ? value : Math.fround(value);
}

for (const operation of exactOperations.filter((name) => name.includes("."))) {
  test(`${operation} is what it is with bigints`, () => {
    const [type, name] = operation.split(".");
    const width = type === "f64" ? 64 : 32;
    const slots = new FloatSlots();
    const place = width === 64 ? slots.f64 : slots.f32;
    let done = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const [x, y] = [number(width), name === "sqrt" ? Math.abs(number(width)) : number(width)];
      const mxcsr = MASKED | (random(4) << 13);
      view.setUint32(state.mxcsr, mxcsr, true);
      if (exact(exactOperations.indexOf(operation), x, y) !== 0) continue;
      done++;
      slots.configure(mxcsr);
      slots.flags = 0;
      place[4] = name === "sqrt" ? y : x;
      place[8] = y;
      const at = (index: number) => (width === 64 ? 2 * index : index);
      exactly(slots, name as Arithmetic, width, at(0), at(4), at(8));
      const what = `${x} ${y} in mode ${mxcsr >> 13}`;
      assert.ok(Object.is(view.getFloat64(results.exact, true), place[0]), what);
      assert.equal(view.getUint32(state.mxcsr, true), mxcsr | slots.flags, what);
    }
    assert.ok(done > 0.85 * ROUNDS, `${done} of ${ROUNDS}`);
  });
}

test("integers are rounded as the mode says", () => {
  const rounded = [2, 1, 2, 1];
  rounded.forEach((expected, mode) => {
    view.setUint32(state.mxcsr, MASKED | (mode << 13), true);
    const code = exactOperations.indexOf("round" satisfies ExactOperation);
    assert.equal(exact(code, 1.5, 1.5), 0);
    assert.equal(view.getFloat64(results.exact, true), expected);
    assert.equal(view.getUint32(state.mxcsr, true) & 0x3f, 0x20);
  });
});

test("what is unusual is left as it was", () => {
  const add = exactOperations.indexOf("f64.add");
  view.setUint32(state.mxcsr, MASKED | 0x4000, true);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1e300])
    assert.equal(exact(add, value, 1), 1);
  assert.equal(view.getUint32(state.mxcsr, true), MASKED | 0x4000);
  // An exception that is not masked, and denormals that count as zeros.
  for (const mxcsr of [0x1f00, 0x9f80, 0x1fc0]) {
    view.setUint32(state.mxcsr, mxcsr, true);
    assert.equal(exact(add, 1, 1), 1, mxcsr.toString(16));
  }
});
