// Decodes the instructions of a function's code, in the text format's names: WebAssembly core specification 2.0, 5.4,
// without SIMD. What a module's validation holds is taken for granted.
import { Solo5Error } from "../bytes/error.js";
import { op, saturating, simd, type } from "./opcodes.js";
import type { ByteReader } from "./reader.js";

export type InstructionName = keyof typeof op | keyof typeof saturating;

/** By the text format; an index into the types, where the type has parameters or several results. */
export type BlockType = { readonly index: number } | { readonly result: WasmType | undefined };

/** Types of values in version 2.0, without vectors. */
export type WasmType = "i32" | "i64" | "f32" | "f64" | "funcref" | "externref";

export interface Instruction {
  readonly name: InstructionName;
  /** Immediates in the binary format's order: indices and labels, an access's offset, `i32.const`, floats as their bits. */
  readonly at: readonly number[];
  /** `i64.const`, and the bits of `f64.const`. */
  readonly wide?: bigint;
  readonly block?: BlockType;
  readonly type?: WasmType;
}

const byCode = (table: Readonly<Record<string, number>>): ReadonlyMap<number, InstructionName> =>
  new Map(Object.entries(table).map(([name, code]) => [code, name as InstructionName]));
const plain = byCode(op);
const prefixed = byCode(saturating);
const vectorNames = new Map<number, string>(Object.entries(simd).map(([name, code]) => [code, name]));

const types = new Map<number, WasmType>([
  [type.i32, "i32"],
  [type.i64, "i64"],
  [type.f32, "f32"],
  [type.f64, "f64"],
  [0x70, "funcref"],
  [0x6f, "externref"],
]);

export function readType(reader: ByteReader): WasmType {
  const code = reader.byte();
  const found = types.get(code);
  if (found === undefined)
    throw unsupported(code === type.v128 ? "vectors (v128)" : `type 0x${code.toString(16)}`);
  return found;
}

const unsupported = (what: string): Solo5Error =>
  new Solo5Error("WASM_UNSUPPORTED", `${what}: not of WebAssembly 2.0 without SIMD`);

/** How many indices follow. */
const indices: Readonly<Partial<Record<InstructionName, number>>> = {
  br: 1,
  br_if: 1,
  call: 1,
  call_indirect: 2,
  "local.get": 1,
  "local.set": 1,
  "local.tee": 1,
  "global.get": 1,
  "global.set": 1,
  "table.get": 1,
  "table.set": 1,
  "memory.size": 1,
  "memory.grow": 1,
  "ref.func": 1,
  "memory.init": 2,
  "data.drop": 1,
  "memory.copy": 2,
  "memory.fill": 1,
  "table.init": 2,
  "elem.drop": 1,
  "table.copy": 2,
  "table.grow": 1,
  "table.size": 1,
  "table.fill": 1,
};

/** The next instruction. Throws Solo5Error `WASM_UNSUPPORTED`. */
export function readInstruction(reader: ByteReader): Instruction {
  const code = reader.byte();
  if (code === 0xfd) throw unsupported(vectorNames.get(reader.u32()) ?? "a vector instruction");
  const second = code === 0xfc ? reader.u32() : 0;
  const name = code === 0xfc ? prefixed.get(second) : plain.get(code);
  if (name === undefined || name.startsWith("return_call")) {
    throw unsupported(name ?? `instruction 0x${code.toString(16)}${code === 0xfc ? ` ${second}` : ""}`);
  }
  const count = indices[name];
  if (count !== undefined) return { name, at: Array.from({ length: count }, () => reader.u32()) };
  switch (name) {
    case "block":
    case "loop":
    case "if":
      return { name, at: [], block: readBlockType(reader) };
    case "br_table":
      return { name, at: [...reader.vector(() => reader.u32()), reader.u32()] };
    case "i32.const":
      return { name, at: [reader.s32()] };
    case "i64.const":
      return { name, at: [], wide: reader.s64() };
    case "f32.const":
      return { name, at: [view(reader.take(4)).getUint32(0, true)] };
    case "f64.const":
      return { name, at: [], wide: view(reader.take(8)).getBigUint64(0, true) };
    case "select t":
      return { name, at: [], type: reader.vector(() => readType(reader))[0] ?? "i32" };
    case "ref.null":
      return { name, at: [], type: readType(reader) };
    default:
      if (!/\.(load|store)/.test(name)) return { name, at: [] };
      // The alignment is a hint.
      reader.u32();
      return { name, at: [reader.u32()] };
  }
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

function readBlockType(reader: ByteReader): BlockType {
  const code = Number(reader.s64());
  if (code >= 0) return { index: code };
  // A negative number of one byte is a type.
  if (code === type.empty - 0x80) return { result: undefined };
  const found = types.get(code + 0x80);
  if (found === undefined) throw unsupported(`a block of type 0x${(code + 0x80).toString(16)}`);
  return { result: found };
}

/** Instructions up to the `end` of the whole, that included. */
export function readExpression(reader: ByteReader): Instruction[] {
  const found: Instruction[] = [];
  for (let depth = 1; depth > 0;) {
    const instruction = readInstruction(reader);
    if (instruction.block !== undefined) depth++;
    if (instruction.name === "end") depth--;
    found.push(instruction);
  }
  return found;
}
