// What the engine's module is given besides: functions that call what it has inside, found by what calls them. Each is held to its
// type, and the build tries what they do.
import type { Solo5Error } from "../../src/bytes/error.js";
import { functionBodies, encodeFunction } from "../../src/wasm/module.js";
import type { AddedFunction } from "../../src/wasm/edit.js";
import type { ParsedModule } from "../../src/wasm/module-reader.js";
import { op, type ValueType } from "../../src/wasm/opcodes.js";
import { ByteWriter } from "../../src/wasm/writer.js";
import { rejectionId } from "./engine-source.js";

interface Given {
  readonly bytes: Uint8Array;
  readonly module: ParsedModule;
  indexOf(exported: string): number;
  readonly callFunction: number;
  wrong(what: string): Solo5Error;
}

/** The first is the table's element for the rejection tracker, the second that of functions whose result is a number of 32 bits. */
export function additions(given: Given): readonly AddedFunction[] {
  /** Of the functions that `exported` calls, the one that is `at` (from the end where negative), which has that type. */
  const callee = (exported: string, at: number, type: string): number => {
    const calls = (given.module.functions[given.indexOf(exported)]?.code ?? []).filter(
      ({ name }) => name === "call",
    );
    const found = calls.at(at)?.at[0] ?? -1;
    const signature = given.module.functions[found]?.signature;
    if (`${signature?.params.join()}:${signature?.results.join()}` !== type) {
      throw given.wrong(`${exported} does not call what it is known to call`);
    }
    return found;
  };
  const toHeap = callee("QTS_bjson_decode", -1, "i64:i32");
  const readObject = callee("QTS_bjson_decode", 1, "i32,i32,i32,i32:i64");
  const getArrayBuffer = callee("QTS_GetArrayBuffer", 0, "i32,i32,i64:i32");
  const evalCalls = given.module.functions[given.indexOf("QTS_Eval")]?.code ?? [];
  const evalFunction = evalCalls
    .filter(({ name }) => name === "call")
    .map(({ at }) => at[0] ?? -1)
    .find((index) => {
      const { params = [], results = [] } = given.module.functions[index]?.signature ?? {};
      return params.join() === "i32,i64" && results.join() === "i64";
    });
  if (evalFunction === undefined) throw given.wrong("QTS_Eval does not call JS_EvalFunction");
  return [
    trackerStub(given.callFunction),
    directStub(given.callFunction),
    // JS_GetArrayBuffer(context, where its length goes, the value at an address): QTS_GetArrayBuffer gives a copy only.
    stub("bufferData", ["i32", "i32", "i32"], (code) =>
      code.get(0).get(1).get(2).add("i64.load", 3, 0).add("call", getArrayBuffer),
    ),
    // JS_ReadObject(context, bytes, length, JS_READ_OBJ_BYTECODE), as a value on the heap.
    stub("readBytecode", ["i32", "i32", "i32"], (code) =>
      code.get(0).get(1).get(2).constant(1).add("call", readObject).add("call", toHeap),
    ),
    // JS_EvalFunction(context, the value at an address), which it takes.
    stub("evalFunction", ["i32", "i32"], (code) =>
      code.get(0).get(1).add("i64.load", 3, 0).add("call", evalFunction).add("call", toHeap),
    ),
    bytecodeWriter("writeBytecode", given, { keepsPlaces: true }),
    bytecodeWriter("writeBareBytecode", given, { keepsPlaces: false }),
  ];
}

class Code {
  readonly #out = new ByteWriter(64);

  add(name: keyof typeof op, ...immediates: readonly number[]): this {
    this.#out.byte(op[name]);
    for (const value of immediates) this.#out.u32(value);
    return this;
  }

  get(local: number): this {
    return this.add("local.get", local);
  }

  constant(value: number): this {
    this.#out.byte(op["i32.const"]);
    this.#out.s32(value);
    return this;
  }

  take(): Uint8Array {
    return this.#out.take();
  }
}

function stub(exported: string, params: readonly ValueType[], write: (code: Code) => Code): AddedFunction {
  const { body } = encodeFunction({ type: 0, locals: [], code: write(new Code()).take() });
  return { exported, params, results: ["i32"], body };
}

/**
 * JSHostPromiseRejectionTracker(context, promise, reason, is_handled, opaque): puts both values on the stack and calls the
 * host as a function would, with `is_handled` as the number of arguments.
 */
function trackerStub(callFunction: number): AddedFunction {
  const [context, promise, reason, isHandled, at] = [0, 1, 2, 3, 5];
  const code = new Code().add("global.get", 0).constant(16).add("i32.sub");
  code.add("local.tee", at).add("global.set", 0);
  code.get(at).get(promise).add("i64.store", 3, 0);
  code.get(at).get(reason).add("i64.store", 3, 8);
  for (const local of [context, at, isHandled, at]) code.get(local);
  code.constant(rejectionId).add("call", callFunction).add("drop");
  code.get(at).constant(16).add("i32.add").add("global.set", 0);
  const { body } = encodeFunction({ type: 0, locals: ["i32"], code: code.take() });
  return { params: ["i32", "i64", "i64", "i32", "i32"], results: [], body };
}

/**
 * JSCFunctionData(context, this, argc, argv, magic, data): the host's function of that number, whose result is a number of 32
 * bits (JS_TAG_INT is 0). QTS_NewFunction's own takes a value on the heap for each result.
 */
function directStub(callFunction: number): AddedFunction {
  const [context, argc, argv, magic] = [0, 2, 3, 4];
  const code = new Code().get(context).constant(0);
  for (const local of [argc, argv, magic]) code.get(local);
  code.add("call", callFunction).add("i64.extend_i32_u");
  const { body } = encodeFunction({ type: 0, locals: [], code: code.take() });
  return { params: ["i32", "i64", "i32", "i32", "i32", "i32"], results: ["i64"], body };
}

/** JS_ATOM_END of the release: below it atoms are the same in every runtime. */
const atomEnd = 229;

/**
 * QTS_bjson_encode, which writes plain values, with another choice in its writer's state: bytecode, without sources. Four flags
 * of a byte each (bytecode, shared buffers, references, sources), one behind (places in the source), and the first atom.
 */
function bytecodeWriter(
  exported: string,
  given: Given,
  { keepsPlaces }: { keepsPlaces: boolean },
): AddedFunction {
  const index = given.indexOf("QTS_bjson_encode");
  const imported = given.module.functions.filter((each) => each.imported !== undefined).length;
  const body = functionBodies(given.bytes)[index - imported] ?? new Uint8Array();
  const stored = (value: number, store: "i32.store" | "i32.store8", offset: number): Uint8Array =>
    new Code()
      .constant(value)
      .add(store, store === "i32.store" ? 2 : 0, offset)
      .take();
  const changes: readonly (readonly [Uint8Array, Uint8Array])[] = [
    [stored(0x01010000, "i32.store", 40), stored(0x00010001, "i32.store", 40)],
    [stored(1, "i32.store8", 44), stored(keepsPlaces ? 1 : 0, "i32.store8", 44)],
    [stored(1, "i32.store", 48), stored(atomEnd, "i32.store", 48)],
  ];
  let changed = body;
  for (const [from, to] of changes) {
    const places = occurrences(changed, from);
    const [at = 0] = places;
    if (places.length !== 1) throw given.wrong("QTS_bjson_encode is not written as it was");
    const next = new Uint8Array(changed.length - from.length + to.length);
    next.set(changed.subarray(0, at));
    next.set(to, at);
    next.set(changed.subarray(at + from.length), at + to.length);
    changed = next;
  }
  return { exported, params: ["i32", "i32"], results: ["i32"], body: changed };
}

export function occurrences(bytes: Uint8Array, wanted: Uint8Array): readonly number[] {
  const found: number[] = [];
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    if (bytes[at] === wanted[0] && wanted.every((byte, i) => bytes[at + i] === byte)) found.push(at);
  }
  return found;
}
