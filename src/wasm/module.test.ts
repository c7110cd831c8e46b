// Modules are what WebAssembly.validate takes and do what their code says.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { webAssembly } from "./host.js";
import { encodeFunction, encodeModule, functionBodies } from "./module.js";
import { op } from "./opcodes.js";
import { ByteWriter, putU32InFive } from "./writer.js";

function constantModule(value: bigint): Uint8Array {
  const code = new ByteWriter();
  code.byte(op["i64.const"]);
  code.s64(value);
  return encodeModule({
    types: [
      { params: [], results: ["i64"] },
      { params: ["i32"], results: [] },
    ],
    imports: [
      { module: "host", name: "memory", kind: "memory", min: 1 },
      { module: "host", name: "table", kind: "table", min: 4 },
      { module: "host", name: "answer", kind: "function", type: 1 },
    ],
    functions: [{ type: 0, locals: ["i32", "i32", "v128", "f64"], code: code.take() }],
    exports: [{ name: "value", index: 1 }],
    elements: [{ at: 2, index: 1 }],
  });
}

test("64-bit constants arrive as written, and the table holds the function", () => {
  const memory = new webAssembly.Memory({ initial: 1 });
  const table = new webAssembly.Table({ initial: 4, element: "anyfunc" });
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
      const bytes = constantModule(value);
      assert.ok(webAssembly.validate(bytes));
      const instance = new webAssembly.Instance(new webAssembly.Module(bytes), {
        host: { memory, table, answer: Math.abs },
      });
      const exported = instance.exports["value"] as () => bigint;
      assert.equal(exported(), value);
      assert.equal(table.get(2), exported);
    }),
    { numRuns: 200 },
  );
});

function read(bytes: Uint8Array, signed: boolean): number {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
  }
  return Number(signed ? BigInt.asIntN(Number(shift), value) : value);
}

test("LEB128 of 32 bits reads back", () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const writer = new ByteWriter(1);
      writer.s32(value);
      assert.equal(read(writer.take(), true), value);
      writer.reset();
      writer.u32(value);
      assert.equal(read(writer.take(), false), value >>> 0);
    }),
  );
});

test("a call goes where its five bytes say, in this module and, with others, in another", () => {
  const call = new ByteWriter();
  call.byte(op["call"]);
  const at = call.length;
  call.u32InFive(1);
  const code = call.take();
  const caller = encodeFunction({ type: 0, locals: ["i64"], code, calls: [{ at, to: 0x1000 }] });
  const constant = (value: number) => {
    const out = new ByteWriter();
    out.byte(op["i32.const"]);
    out.s32(value);
    return encodeFunction({ type: 0, locals: [], code: out.take() });
  };
  const types = [{ params: [], results: ["i32"] }] as const;
  const exports = [{ name: "run", index: 0 }];
  const result = (bytes: Uint8Array): number => {
    const instance = new webAssembly.Instance(new webAssembly.Module(bytes));
    return (instance.exports["run"] as () => number)();
  };
  const first = encodeModule({ types, imports: [], functions: [caller, constant(7)], exports });
  assert.equal(result(first), 7);
  const [body = new Uint8Array(), seven = new Uint8Array()] = functionBodies(first);
  assert.deepEqual([body, seven], [caller.body, constant(7).body]);
  const moved = body.slice();
  putU32InFive(moved, caller.calls[0]?.at ?? 0, 2);
  const functions = [{ ...caller, body: moved }, constant(8), { ...caller, body: seven }];
  assert.equal(result(encodeModule({ types, imports: [], functions, exports })), 7);
});
