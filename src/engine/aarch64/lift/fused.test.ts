// The functions for fused operations against whole numbers, where rounding once matters: products and addends of few bits, far apart and
// cancelling; and that they really do what programs compute with. What QEMU's CPU gives is in test/aarch64/translated.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeModule } from "../../../wasm/module.js";
import { webAssembly } from "../../../wasm/host.js";
import { fusedMultiplyAdd } from "../values/exact.js";
import { double, newMode, single } from "../values/format.js";
import { fusedHelpers } from "./fused.js";

const ROUNDS = 20_000;
const view = new DataView(new ArrayBuffer(8));

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

/** Of few bits far apart, or of many. */
function number(bits: 32 | 64): number {
  const precision = bits === 64 ? 52 : 23;
  const some = () => 2 ** -random(precision + 1);
  const fraction = random(4) === 0 ? random(2 ** 26) / 2 ** 26 + random(2 ** 26) / 2 ** 52 : some() + some();
  const value = (1 + fraction) * 2 ** (random(7) === 0 ? random(300) - 150 : random(5) - 2);
  const signed = random(2) === 0 ? value : -value;
  return bits === 64 ? signed : Math.fround(signed);
}

const bitsOf = (bits: 32 | 64, value: number): bigint => {
  if (bits === 64) view.setFloat64(0, value);
  else view.setFloat32(0, value);
  return bits === 64 ? view.getBigUint64(0) : BigInt(view.getUint32(0));
};

for (const { name, type, body } of fusedHelpers) {
  test(`${name} is what it is with whole numbers`, () => {
    const bytes = encodeModule({
      types: [type],
      imports: [],
      functions: [body(0, { base: 0, size: 0, readable: 0, writable: 0 })],
      exports: [{ name, index: 0 }],
    });
    const instance = new webAssembly.Instance(new webAssembly.Module(bytes), {});
    const fused = instance.exports[name] as (addend: number, a: number, b: number) => number;
    const format = type.results[0] === "f64" ? double : single;
    const bits = format.bits as 32 | 64;
    let done = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [number(bits), number(bits)];
      const product = bits === 64 ? a * b : Math.fround(a * b);
      // What cancels, what is just less than the last bit of a product or half of it, zeros, anything.
      const addend = [
        -product,
        product * 2 ** -(format.precision + random(3)) * number(bits),
        0,
        -0,
        number(bits),
      ][random(5)];
      const c = bits === 64 ? (addend ?? 0) : Math.fround(addend ?? 0);
      const found = fused(c, a, b);
      if (Number.isNaN(found)) continue;
      done++;
      const expected = fusedMultiplyAdd(newMode(), format, bitsOf(bits, c), bitsOf(bits, a), bitsOf(bits, b));
      assert.equal(bitsOf(bits, found), expected, `${c} + ${a} * ${b}`);
    }
    assert.ok(done > 0.95 * ROUNDS, `${done} of ${ROUNDS}`);
  });
}
