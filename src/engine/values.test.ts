// What interpreters make of WebAssembly's operations: V8 does the same ones on the same bits. Rounded to nearest; of a NaN only that
// it is one, since its bits are the ISA's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random, type Random } from "../../test/x86-64/random.js";
import type {
  ExtractOperation,
  FloatOperation,
  ReplaceOperation,
  VectorOperation,
} from "../isa/operation.js";
import { webAssembly } from "../wasm/host.js";
import { encodeModule } from "../wasm/module.js";
import { op, saturating, simd } from "../wasm/opcodes.js";
import { ByteWriter } from "../wasm/writer.js";
import { evaluateLanes } from "./portable/values/integer-lanes.js";
import { extractLane, replaceLane } from "./portable/values/lanes.js";
import { Slots } from "./portable/values/slots.js";
import * as ofX86 from "./x86-64/values/float-operations.js";
import { FloatSlots } from "./x86-64/values/float-slots.js";
import * as vectorsOfX86 from "./x86-64/values/vector-operations.js";

type Kind = "i32" | "i64" | "f32" | "f64" | "v128";

const [SIMD, SATURATING] = [0xfd, 0xfc];
const ROUNDS = 40;

/** Operand types, the result's, and the immediate lane where there is one. */
interface Form {
  readonly operands: readonly Kind[];
  readonly result: Kind;
  readonly lane?: number;
}

const laneKind = (shape: string): Kind =>
  shape.startsWith("f") ? (shape.slice(0, 3) as Kind) : shape === "i64x2" ? "i64" : "i32";

function formOf(name: string): Form {
  const [shape = "", what = ""] = name.split(".");
  if (what === "bitselect") return { operands: ["v128", "v128", "v128"], result: "v128" };
  if (what === "bitmask") return { operands: ["v128"], result: "i32" };
  if (what === "splat") return { operands: [laneKind(shape)], result: "v128" };
  if (/^sh[lr]/.test(what)) return { operands: ["v128", "i32"], result: "v128" };
  const isUnary =
    /^(not|abs|sqrt|nearest|floor|ceil|trunc|extend|extadd|promote|demote|convert|trunc_sat|reinterpret)/.test(
      what,
    );
  if (name in simd) return { operands: isUnary ? ["v128"] : ["v128", "v128"], result: "v128" };
  const from = (/_([if](?:32|64))(?:_s)?$/.exec(what)?.[1] ?? shape) as Kind;
  const isOrder = /^(eq|ne|lt|le|gt|ge)$/.test(what);
  return { operands: isUnary ? [from] : [from, from], result: isOrder ? "i32" : (shape as Kind) };
}

const sizes = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 } as const;

/** A function of WebAssembly's: operands at 0, 16 and 32, the result at 48. */
function witnessOf(name: string, { operands, result, lane }: Form): (slots: Uint8Array) => Uint8Array {
  const memory = new webAssembly.Memory({ initial: 1 });
  const code = new ByteWriter();
  const opcode = (of: string): void => {
    const [prefix, number] =
      of in op
        ? [undefined, op[of as keyof typeof op]]
        : of in saturating
          ? [SATURATING, saturating[of as keyof typeof saturating]]
          : [SIMD, simd[of as keyof typeof simd]];
    if (prefix !== undefined) code.byte(prefix);
    code.u32(number);
  };
  const access = (kind: Kind, what: "load" | "store", offset: number): void => {
    opcode(`${kind}.${what}`);
    code.u32(0);
    code.u32(offset);
  };
  const address = (): void => {
    code.byte(op["i32.const"]);
    code.byte(0);
  };
  address();
  operands.forEach((kind, n) => {
    address();
    access(kind, "load", 16 * n);
  });
  opcode(name);
  if (lane !== undefined) code.byte(lane);
  access(result, "store", 48);
  const module = encodeModule({
    types: [{ params: [], results: [] }],
    imports: [{ module: "test", name: "memory", kind: "memory", min: 1 }],
    functions: [{ type: 0, locals: [], code: code.take() }],
    exports: [{ name: "run", index: 0 }],
  });
  const instance = new webAssembly.Instance(new webAssembly.Module(module), { test: { memory } });
  const { run } = instance.exports as { run: () => void };
  return (slots) => {
    new Uint8Array(memory.buffer, 0, 48).set(slots.subarray(0, 48));
    run();
    return new Uint8Array(memory.buffer, 48, sizes[result]).slice();
  };
}

/** Three operands: numbers of a type, often at its edges, or bits of any kind. */
function fill(s: Slots, kind: string, { below, integer, double, singles }: Random): void {
  const one = below(4) === 0 ? integer : kind === "f64" ? double : kind === "f32" ? singles : integer;
  for (let n = 0; n < 6; n++) s.u64[n] = one();
}

/** Lanes that are NaNs count as one. */
function comparable(bytes: Uint8Array, result: string): (bigint | number | string)[] {
  if (result === "f64") return [...new Float64Array(bytes.buffer)].map(String);
  if (result === "f32") return [...new Float32Array(bytes.buffer)].map(String);
  return [...bytes];
}

/** How the lanes of a result are looked at: comparisons of floats give masks. */
function resultLanes(name: string): string {
  if (/\.(eq|ne|lt|gt|le|ge)$/.test(name) || name.startsWith("v128")) return "bits";
  return name.slice(0, 3);
}

/** Operands are at 0, 4 and 8, and the result at 12; the second of an operation that has one only is the first again. */
type Evaluate<S> = (s: S, name: string, b: number) => void;

/** Compares all that the evaluator knows; how many. */
function compare<S extends Slots>(
  newSlots: () => S,
  names: readonly string[],
  evaluate: Evaluate<S>,
): number {
  let known = 0;
  for (const name of names) {
    const slots = newSlots();
    const form = formOf(name);
    const b = form.operands.length === 1 ? 0 : 4;
    try {
      evaluate(slots, name, b);
    } catch (error) {
      assert.ok(error instanceof RangeError && error.message === name, String(error));
      continue;
    }
    known++;
    const witness = witnessOf(name, form);
    const values = random(known);
    const operandKind =
      /(?:_|^)([if](?:8|16|32|64))(?:x\d+)?(?:_[su])?(?:_zero)?$/.exec(name)?.[1] ?? name.slice(0, 3);
    for (let round = 0; round < ROUNDS; round++) {
      fill(slots, operandKind, values);
      const expected = witness(slots.u8);
      evaluate(slots, name, b);
      const got = slots.u8.slice(48, 48 + sizes[form.result]);
      assert.deepEqual(
        comparable(got, resultLanes(name)),
        comparable(expected, resultLanes(name)),
        `${name} of ${[...slots.i32.subarray(0, 12)].map((word) => (word >>> 0).toString(16)).join(" ")}`,
      );
    }
  }
  return known;
}

const packed = Object.keys(simd).filter((name) => !/load|store|const|shuffle|lane/.test(name));
const scalar = [...Object.keys(op), ...Object.keys(saturating)].filter((name) =>
  /^(?:f(?:32|64)\.(?!load|store|const)|i(?:32|64)\.(?:trunc_sat|reinterpret))/.test(name),
);

test("packed operations of x86-64 are V8's", () => {
  const known = compare(
    () => new FloatSlots(),
    packed,
    (s, name, b) => vectorsOfX86.evaluateVector(s, name as VectorOperation, 12, 0, b, 8),
  );
  assert.ok(known > 110, `${known}`);
});

test("packed integers are V8's", () => {
  const known = compare(
    () => new Slots(),
    packed,
    (s, name, b) => evaluateLanes(s, name as VectorOperation, 12, 0, b, 8),
  );
  assert.ok(known > 90, `${known}`);
});

test("scalar operations of x86-64 are V8's", () => {
  const known = compare(
    () => new FloatSlots(),
    scalar,
    (s, name, b) => ofX86.evaluateFloat(s, name as FloatOperation, 12, 0, b),
  );
  assert.ok(known > 30, `${known}`);
});

test("lanes are taken out and put in as V8 does", () => {
  const s = new Slots();
  const values = random(1);
  for (const name of Object.keys(simd).filter((each) => /extract_lane(_u)?$|replace_lane/.test(each))) {
    const [shape = ""] = name.split(".");
    const isExtract = name.includes("extract");
    const kind = laneKind(shape);
    for (let lane = 0; lane < Number(shape.split("x")[1]); lane++) {
      const form: Form = isExtract
        ? { operands: ["v128"], result: kind, lane }
        : { operands: ["v128", kind], result: "v128", lane };
      fill(s, "bits", values);
      const expected = witnessOf(name, form)(s.u8);
      if (isExtract) extractLane(s, name as ExtractOperation, 12, lane, 0);
      else replaceLane(s, name as ReplaceOperation, 12, lane, 0, 4);
      assert.deepEqual(s.u8.slice(48, 48 + expected.length), expected, `${name} ${lane}`);
    }
  }
});
