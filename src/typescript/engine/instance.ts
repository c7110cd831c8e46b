// The engine's module with its memory, and calls of what it exports; its own functions have names with QTS_.
import { Solo5Error } from "../../bytes/error.js";
import { webAssembly, type WasmMemory, type WasmModule } from "../../wasm/host.js";

/** Addresses in the engine's memory; a value's is that of a JSValue on its heap. */
export type Value = number;

type Exported = (...args: readonly (number | bigint)[]) => number;

export interface Instance {
  readonly memory: WasmMemory;
  /** Empty until it is instantiated. */
  exports: Readonly<Record<string, Exported>>;
  stackPointer: { value: number };
  runtime: number;
  context: number;
}

export const wasmPageSize = 65_536;

/** `imports` are made of the instance, whose memory they see. */
export function instantiate(
  module: WasmModule,
  pages: number,
  imports: (instance: Instance) => Readonly<Record<string, unknown>>,
): Instance {
  const memory: WasmMemory = new webAssembly.Memory({ initial: pages, maximum: 32_768 });
  const instance: Instance = { memory, exports: {}, stackPointer: { value: 0 }, runtime: 0, context: 0 };
  const { exports } = new webAssembly.Instance(module, { engine: { memory, ...imports(instance) } });
  instance.exports = exports as Instance["exports"];
  instance.stackPointer = exports["stackPointer"] as Instance["stackPointer"];
  return instance;
}

export const bytesOf = ({ memory }: Instance): Uint8Array<ArrayBuffer> => new Uint8Array(memory.buffer);
export const viewOf = ({ memory }: Instance): DataView => new DataView(memory.buffer);

/** Grows the memory to at least `size` bytes. */
export function growTo({ memory }: Instance, size: number): void {
  const missing = Math.ceil((size - memory.buffer.byteLength) / wasmPageSize);
  if (missing > 0) memory.grow(missing);
}

export function qts({ exports }: Instance, name: string, ...args: readonly (number | bigint)[]): number {
  const fn = exports[`QTS_${name}`];
  if (fn === undefined) throw new Solo5Error("ENGINE", `the engine has no ${name}`);
  return fn(...args);
}

/** Where `size` bytes are free now; 0: nowhere. */
export const malloc = ({ exports }: Instance, size: number): number => exports["malloc"]?.(size) ?? 0;
export const free = ({ exports }: Instance, at: number): void => void exports["free"]?.(at);

/** Gives the text at `at`, which a zero ends. */
export function cString(instance: Instance, at: number): string {
  const all = bytesOf(instance);
  return new TextDecoder().decode(all.subarray(at, all.indexOf(0, at)));
}

/** Puts a text on the heap; whoever asks frees it. */
export function newCString(instance: Instance, text: string): number {
  const data = new TextEncoder().encode(text);
  const at = malloc(instance, data.length + 1);
  bytesOf(instance).set(data, at);
  bytesOf(instance)[at + data.length] = 0;
  return at;
}

export function newText(instance: Instance, text: string): Value {
  const at = newCString(instance, text);
  const value = qts(instance, "NewString", instance.context, at);
  free(instance, at);
  return value;
}

/** Where the bytes of an ArrayBuffer are. */
export function bufferAddress(instance: Instance, buffer: Value): number {
  const length = malloc(instance, 4);
  const at = instance.exports["bufferData"]?.(instance.context, length, buffer) ?? 0;
  free(instance, length);
  return at;
}
