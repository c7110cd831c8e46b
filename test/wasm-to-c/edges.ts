// A module with a function for each instruction that computes, and the operands at which the specification has something to say.
import { op, saturating } from "../../src/wasm/opcodes.js";
import { operators } from "../../src/wasm/to-c/operators.js";
import { ByteWriter } from "../../src/wasm/writer.js";
import { encode, type NumberType } from "./encode.js";

const floatBits = (values: readonly number[], bits: 32 | 64): readonly bigint[] => {
  const view = new DataView(new ArrayBuffer(8));
  return values.map((value) => {
    if (bits === 32) {
      view.setFloat32(0, value);
      return BigInt(view.getUint32(0));
    }
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  });
};

const around = (values: readonly number[], step: (value: number) => number): readonly number[] =>
  values.flatMap((value) => [value - step(value), value, value + step(value)]);
const common = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3.5, Infinity];
const limits = [2 ** 7, 2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64];
const signs = (values: readonly number[]) => values.flatMap((value) => [value, -value]);
const doubles = signs([...common, ...around(limits, (value) => value * 2 ** -52), ...around([2 ** 52, 2 ** 53, 2 ** 31, 2 ** 32], () => 0.5), Number.MIN_VALUE, 2 ** -1022, Number.MAX_VALUE, 3.3]); // prettier-ignore
const singles = signs([...common, ...around(limits, (value) => value * 2 ** -23), ...around([2 ** 23, 2 ** 24], () => 0.5), 2 ** -149, 2 ** -126, 3.4028234663852886e38, 3.3]); // prettier-ignore

/** Bits of operands by type: what is no number is there quiet and signalling, with either sign and with a payload. */
export const edges: Readonly<Record<NumberType, readonly bigint[]>> = {
  i32: [0n, 1n, 2n, 7n, 31n, 32n, 33n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x12345678n, 0x7fffffffn, 0x80000000n, 0x80000001n, 0xffffff80n, 0xfffffffen, 0xffffffffn], // prettier-ignore
  i64: [0n, 1n, 2n, 63n, 64n, 65n, 0x80n, 0x8000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 0x123456789abcdef0n, 0x20000000000001n, 0x7fffffbfffffffffn, 0x7fffffffffffffffn, 0x8000000000000000n, 0x8000000000000001n, 0x8000008000000001n, 0xfffffffffffff800n, 0xfffffffffffffffen, 0xffffffffffffffffn], // prettier-ignore
  f32: [...floatBits(singles, 32), 0x7fc00000n, 0xffc00000n, 0x7fc12345n, 0x7fa00000n, 0xffa54321n],
  f64: [...floatBits(doubles, 64), 0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff8123456789abcn, 0x7ff4000000000000n, 0xfff0000000000001n], // prettier-ignore
};

/** Of the instructions in this order the module exports functions `0`, `1`…, of one or two i64: operands and result are bits. */
export const instructions = [...operators.keys()];

const fromBits: Readonly<Record<NumberType, readonly number[]>> = {
  i32: [op["i32.wrap_i64"]],
  i64: [],
  f32: [op["i32.wrap_i64"], op["f32.reinterpret_i32"]],
  f64: [op["f64.reinterpret_i64"]],
};
const toBits: Readonly<Record<NumberType, readonly number[]>> = {
  i32: [op["i64.extend_i32_u"]],
  i64: [],
  f32: [op["i32.reinterpret_f32"], op["i64.extend_i32_u"]],
  f64: [op["i64.reinterpret_f64"]],
};

/** Where a result is no number, only whether it is quiet is held to: its sign and payload are anybody's. */
const isFree = (name: string): boolean =>
  /^f\d\d\.(?!neg|abs|copysign|reinterpret|convert|[lg][te]|eq|ne$)/.test(name);

export function edgeModule(): Uint8Array {
  const functions = instructions.map((name, index) => {
    const { operands = [], result = "i64" } = operators.get(name) ?? {};
    const code = new ByteWriter();
    operands.forEach((type, i) => {
      code.byte(op["local.get"]);
      code.u32(i);
      for (const byte of fromBits[type as NumberType]) code.byte(byte);
    });
    const plain: number | undefined = (op as Record<string, number>)[name];
    if (plain === undefined) {
      code.byte(0xfc);
      code.u32((saturating as Record<string, number>)[name] ?? 0);
    } else code.byte(plain);
    const type = result as NumberType;
    const local = operands.length;
    if (isFree(name)) {
      const [mask, bits] = type === "f32" ? [0x7fc00000n, "i32"] : [0x7ff8000000000000n, "i64"];
      code.byte(op["local.tee"]);
      code.u32(local);
      for (const byte of toBits[type]) code.byte(byte);
      // The exponent and the highest bit of the payload are all that is kept of what is no number.
      for (const which of ["get", "get"] as const) {
        code.byte(op[`local.${which}`]);
        code.u32(local);
      }
      code.byte(op[`${type as "f32" | "f64"}.eq`]);
      code.byte(op.if);
      code.byte(0x40);
      code.byte(op.else);
      code.byte(op["local.get"]);
      code.u32(local);
      for (const byte of toBits[type]) code.byte(byte);
      code.byte(op["i64.const"]);
      code.s64(mask);
      code.byte(op["i64.and"]);
      code.byte(op.return);
      code.byte(op.end);
      void bits;
    } else for (const byte of toBits[type]) code.byte(byte);
    return {
      params: operands.map(() => "i64" as const),
      results: ["i64" as const],
      locals: [isFree(name) ? type : ("i32" as const)],
      code: code.take(),
      exported: String(index),
    };
  });
  return encode({ functions });
}
