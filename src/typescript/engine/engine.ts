// The engine in the host's own WebAssembly, as the build needs it: values, calls, evaluation, and its whole state as data.
import { Solo5Error } from "../../bytes/error.js";
import type { WasmModule } from "../../wasm/host.js";
import { callHost, type ScriptHooks } from "./host-calls.js";
import { importsOf } from "./imports.js";
import {
  bufferAddress,
  bytesOf,
  cString,
  free,
  instantiate,
  malloc,
  newCString,
  newText,
  qts,
  viewOf,
  wasmPageSize,
  type Instance,
  type Value,
} from "./instance.js";
import { clearFree, restore, save, type EngineState } from "./state.js";

/** An error of the program, thrown by `evaluate` and `call`. */
export class ProgramError extends Error {
  readonly stackText: string;

  constructor(name: string, message: string, stackText: string) {
    super(message === "" ? name : `${name}: ${message}`);
    this.stackText = stackText;
  }
}

/** Thrown through the engine, which is of no use then until its state is restored: the program needs its unikernel. */
export class NeedsUnikernel extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

export interface ScriptEngine extends ScriptHooks {
  evaluate(source: string, file: string): Value;
  /** Compiles and gives bytecode, without sources; and without places in them where `bare`. */
  compile(source: string, file: string, options?: { readonly bare?: boolean }): Uint8Array;
  /** Evaluates what `compile` gave, in any engine of the same release. */
  evaluateBytecode(bytecode: Uint8Array): Value;
  call(fn: Value, ...args: readonly Value[]): Value;
  property(object: Value, name: string): Value;
  setGlobal(name: string, value: Value): void;
  text(value: Value): string;
  newText(text: string): Value;
  newNumber(value: number): Value;
  hostFunction(id: number, name: string): Value;
  newObject(): Value;
  setProperty(object: Value, name: string, value: Value): void;
  /** Where the bytes of an ArrayBuffer are. */
  bufferAddress(buffer: Value): number;
  /** Gives their number. */
  runJobs(): number;
  allocate(bytes: number): number;
  setWord(address: number, value: number): void;
  word(address: number): number;
  setMaxStackSize(bytes: number): void;
  enableModuleLoader(): void;
  /** Zeroes what is free, so that pages of nothing else need not be stored. */
  clearFree(): void;
  save(): EngineState;
  restore(state: EngineState): void;
  readonly state: { readonly runtime: number; readonly context: number };
}

const evalStrict = 1 << 3;
const compileOnly = 1 << 5;
const pagesMin = 256;

/** `state` where it is given; else a fresh runtime. */
export function createEngine(module: WasmModule, state?: EngineState): ScriptEngine {
  const pages = Math.max(pagesMin, (state?.memory.length ?? 0) / wasmPageSize);
  const instance = instantiate(module, pages, (made) => ({
    ...importsOf(made, (name) => engine.onHostFunction(name)),
    callFunction: (_context: number, _this: number, argc: number, argv: number, id: number) =>
      callHost(made, engine, id, argc, argv),
  }));
  /** A function of the engine's about the context. */
  const inContext = (name: string, ...args: readonly number[]): number =>
    qts(instance, name, instance.context, ...args);

  const engine: ScriptEngine = {
    onHostFunction: () => 0,
    onRejection: () => {},
    onDevice: () => {},
    exchange: 0,
    evaluate: (source, file) => evaluate(instance, source, file, evalStrict),
    compile: (source, file, { bare = false } = {}) =>
      bytecodeOf(instance, evaluate(instance, source, file, evalStrict | compileOnly), bare),
    evaluateBytecode: (bytecode) => evaluateBytecode(instance, bytecode),
    call: (fn, ...args) => call(instance, fn, args),
    property: (object, name) => property(instance, object, name),
    setProperty: (object, name, value) => void inContext("SetProp", object, newText(instance, name), value),
    setGlobal: (name, value) => engine.setProperty(inContext("GetGlobalObject"), name, value),
    newObject: () => inContext("NewObject"),
    text: (value) => textOf(instance, value),
    newText: (text) => newText(instance, text),
    newNumber: (value) => inContext("NewFloat64", value),
    hostFunction: (id, name) => inContext("NewFunction", newCString(instance, name), 0, 0, id),
    bufferAddress: (buffer) => bufferAddress(instance, buffer),
    runJobs: () => runJobs(instance),
    allocate: (size) => malloc(instance, size),
    setWord: (address, value) => viewOf(instance).setUint32(address, value, true),
    word: (address) => viewOf(instance).getUint32(address, true),
    setMaxStackSize: (size) => void qts(instance, "RuntimeSetMaxStackSize", instance.runtime, size),
    enableModuleLoader: () => void qts(instance, "RuntimeEnableModuleLoader", instance.runtime, 1),
    clearFree: () => clearFree(instance),
    save: () => save(instance),
    restore: (saved) => restore(instance, saved),
    get state() {
      const { runtime, context } = instance;
      return { runtime, context };
    },
  };

  if (state !== undefined) restore(instance, state);
  else {
    instance.exports["initialize"]?.();
    instance.runtime = qts(instance, "NewRuntime");
    instance.context = qts(instance, "NewContext", instance.runtime, 0);
  }
  return engine;
}

/** The value, unless it is an exception: that is thrown. */
function check(instance: Instance, value: Value): Value {
  const error = qts(instance, "ResolveException", instance.context, value);
  if (error === 0) return value;
  const part = (name: string): string => textOf(instance, property(instance, error, name));
  throw new ProgramError(part("name"), part("message"), part("stack"));
}

function evaluate(instance: Instance, source: string, file: string, flags: number): Value {
  const text = newCString(instance, source);
  const name = newCString(instance, file);
  const length = bytesOf(instance).indexOf(0, text) - text;
  const value = qts(instance, "Eval", instance.context, text, length, name, 0, flags);
  for (const at of [text, name]) free(instance, at);
  return check(instance, value);
}

function bytecodeOf(instance: Instance, compiled: Value, bare: boolean): Uint8Array {
  const { exports, context } = instance;
  const buffer = exports[bare ? "writeBareBytecode" : "writeBytecode"]?.(context, compiled) ?? 0;
  const length = qts(instance, "GetArrayBufferLength", context, buffer);
  const at = bufferAddress(instance, buffer);
  if (at === 0 || length === 0) throw new Solo5Error("ENGINE", "the engine gave no bytecode");
  return bytesOf(instance).slice(at, at + length);
}

function evaluateBytecode(instance: Instance, bytecode: Uint8Array): Value {
  const { exports, context } = instance;
  const at = malloc(instance, bytecode.length);
  bytesOf(instance).set(bytecode, at);
  const compiled = check(instance, exports["readBytecode"]?.(context, at, bytecode.length) ?? 0);
  free(instance, at);
  return check(instance, exports["evalFunction"]?.(context, compiled) ?? 0);
}

function call(instance: Instance, fn: Value, args: readonly Value[]): Value {
  const list = malloc(instance, Math.max(4, args.length * 4));
  args.forEach((value, i) => viewOf(instance).setUint32(list + 4 * i, value, true));
  const undefinedThis = qts(instance, "GetUndefined");
  const value = qts(instance, "Call", instance.context, fn, undefinedThis, args.length, list);
  free(instance, list);
  return check(instance, value);
}

const property = (instance: Instance, object: Value, name: string): Value =>
  qts(instance, "GetProp", instance.context, object, newText(instance, name));

function textOf(instance: Instance, value: Value): string {
  const at = qts(instance, "GetString", instance.context, value);
  return at === 0 ? "" : cString(instance, at);
}

function runJobs(instance: Instance): number {
  const { runtime, context } = instance;
  const at = malloc(instance, 4);
  let count = 0;
  while (qts(instance, "IsJobPending", runtime) !== 0) {
    const done = qts(instance, "ExecutePendingJob", runtime, 64, at);
    count += qts(instance, "GetFloat64", context, done);
    qts(instance, "FreeValuePointer", context, done);
  }
  free(instance, at);
  return count;
}
