// The engine in the host's own WebAssembly, as the build needs it: values, calls, evaluation, and its whole state as data.
import { encodeText } from "../bytes/text.js";
import { Solo5Error } from "../bytes/error.js";
import { webAssembly, type WasmMemory, type WasmModule } from "../wasm/host.js";
import { hostFunctions, isDirect, type HostFunction } from "./host-functions.js";

/** Addresses in the engine's memory; a value's is that of a JSValue on its heap. */
export type Value = number;

type Exported = (...args: readonly (number | bigint)[]) => number;

/** State between two calls. */
export interface EngineState {
  readonly memory: Uint8Array;
  readonly stackPointer: number;
  readonly runtime: number;
  readonly context: number;
}

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

export interface ScriptEngine {
  /** What host functions but those that only compute do; the engine's clock counts as one. */
  onHostFunction: (name: HostFunction) => number;
  /** Promise, reason, whether it is handled by now. */
  onRejection: (isHandled: boolean, promise: Value, reason: Value) => void;
  /** A device that is declared. */
  onDevice: (name: string, isNet: boolean) => void;
  /** Where the buffer is that both sides write to. */
  exchange: number;
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
const badFile = 8;
const illegalSeek = 70;
/** Bytes: half a page. */
const smallestHole = 2048;

/** `state` where it is given; else a fresh runtime. */
export function createEngine(module: WasmModule, state?: EngineState): ScriptEngine {
  const pages = Math.max(256, (state?.memory.length ?? 0) / 65_536);
  const memory: WasmMemory = new webAssembly.Memory({ initial: pages, maximum: 32_768 });
  const bytes = () => new Uint8Array(memory.buffer);
  const view = () => new DataView(memory.buffer);
  const nothing = () => 0;
  const clock = (name: HostFunction) => engine.onHostFunction(name);
  const imports = {
    memory,
    assertFailed: (text: number) => {
      throw new Solo5Error("ENGINE", `an assertion of the engine failed: ${cString(text)}`);
    },
    abort: () => {
      throw new Solo5Error("ENGINE", "the engine gave up");
    },
    keepRuntimeAlive: nothing,
    localTime: (_seconds: bigint, to: number) => void bytes().fill(0, to, to + 44),
    setTimer: nothing,
    timezone(zone: number, daylight: number, name: number, summerName: number) {
      view().setUint32(zone, 0, true);
      view().setUint32(daylight, 0, true);
      for (const at of [name, summerName]) bytes().set(encodeText("UTC\0"), at);
    },
    clockTimeGet(_id: number, _precision: bigint, to: number) {
      view().setBigUint64(to, BigInt(clock("wallTime")), true);
      return 0;
    },
    now: () => clock("wallTime"),
    resizeHeap(size: number) {
      const missing = Math.ceil(((size >>> 0) - memory.buffer.byteLength) / 65_536);
      try {
        if (missing > 0) memory.grow(missing);
        return 1;
      } catch {
        return 0;
      }
    },
    environGet: nothing,
    environSizesGet(count: number, size: number) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    fdClose: () => badFile,
    fdSeek: () => illegalSeek,
    fdWrite: () => badFile,
    exit: () => {
      throw new Solo5Error("ENGINE", "the engine ended");
    },
    callFunction: (_context: number, _this: number, argc: number, argv: number, id: number) =>
      callHost(id, argc, argv),
    shouldInterrupt: nothing,
    loadModuleSource: nothing,
    normalizeModule: nothing,
    freeHostRef: () => {},
  };
  const instance = new webAssembly.Instance(module, { engine: imports });
  const own = instance.exports as Readonly<Record<string, Exported>>;
  const stackPointer = instance.exports["stackPointer"] as { value: number };
  const qts = (name: string, ...args: readonly (number | bigint)[]): number => {
    const fn = own[`QTS_${name}`];
    if (fn === undefined) throw new Solo5Error("ENGINE", `the engine has no ${name}`);
    return fn(...args);
  };
  const malloc = (size: number): number => own["malloc"]?.(size) ?? 0;

  let runtime = state?.runtime ?? 0;
  let context = state?.context ?? 0;

  function cString(at: number): string {
    const all = bytes();
    return new TextDecoder().decode(all.subarray(at, all.indexOf(0, at)));
  }
  function newCString(text: string): number {
    const data = new TextEncoder().encode(text);
    const at = malloc(data.length + 1);
    bytes().set(data, at);
    bytes()[at + data.length] = 0;
    return at;
  }

  /** Functions that only compute are the same everywhere. */
  function callHost(id: number, argc: number, argv: number): number {
    const argument = (index: number) => argv + 8 * index;
    const number = (index: number) => qts("GetFloat64", context, argument(index));
    if (id === 0) {
      engine.onRejection(argc !== 0, argv, argv + 8);
      return 0;
    }
    const name = hostFunctions[id - 1];
    if (name === "encodeText") {
      const text = qts("GetString", context, argument(0));
      const length = bytes().indexOf(0, text) - text;
      const copy = malloc(Math.max(1, length));
      bytes().copyWithin(copy, text, text + length);
      qts("FreeCString", context, text);
      return qts("NewArrayBuffer", context, copy, length);
    }
    if (name === "decodeText") {
      const at = engine.bufferAddress(argument(0)) + number(1);
      const data = bytes().slice(at, at + number(2));
      if (data.includes(0)) return 0;
      try {
        return engine.newText(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
      } catch {
        return 0;
      }
    }
    if (name === "declareDevice") {
      const text = new TextDecoder().decode(bytes().slice(engine.exchange, engine.exchange + number(0)));
      engine.onDevice(text, number(1) === 1);
      return 0;
    }
    if (name === undefined) throw new Solo5Error("ENGINE", `there is no host function ${id}`);
    const result = engine.onHostFunction(name);
    return isDirect(name) ? result : qts("NewFloat64", context, result);
  }

  function check(value: Value): Value {
    const error = qts("ResolveException", context, value);
    if (error === 0) return value;
    const part = (name: string): string => engine.text(engine.property(error, name));
    throw new ProgramError(part("name"), part("message"), part("stack"));
  }

  function evaluate(source: string, file: string, flags: number): Value {
    const text = newCString(source);
    const name = newCString(file);
    const length = bytes().indexOf(0, text) - text;
    const value = qts("Eval", context, text, length, name, 0, flags);
    for (const at of [text, name]) own["free"]?.(at);
    return check(value);
  }

  const engine: ScriptEngine = {
    onHostFunction: () => 0,
    onRejection: () => {},
    onDevice: () => {},
    exchange: 0,
    evaluate: (source, file) => evaluate(source, file, evalStrict),
    compile(source, file, { bare = false } = {}) {
      const compiled = evaluate(source, file, evalStrict | compileOnly);
      const buffer = own[bare ? "writeBareBytecode" : "writeBytecode"]?.(context, compiled) ?? 0;
      const length = qts("GetArrayBufferLength", context, buffer);
      const at = engine.bufferAddress(buffer);
      if (at === 0 || length === 0) throw new Solo5Error("ENGINE", "the engine gave no bytecode");
      return bytes().slice(at, at + length);
    },
    evaluateBytecode(bytecode) {
      const at = malloc(bytecode.length);
      bytes().set(bytecode, at);
      const compiled = check(own["readBytecode"]?.(context, at, bytecode.length) ?? 0);
      own["free"]?.(at);
      return check(own["evalFunction"]?.(context, compiled) ?? 0);
    },
    call(fn, ...args) {
      const list = malloc(Math.max(4, args.length * 4));
      args.forEach((value, i) => view().setUint32(list + 4 * i, value, true));
      const value = qts("Call", context, fn, qts("GetUndefined"), args.length, list);
      own["free"]?.(list);
      return check(value);
    },
    property: (object, name) => qts("GetProp", context, object, engine.newText(name)),
    setProperty: (object, name, value) => void qts("SetProp", context, object, engine.newText(name), value),
    setGlobal: (name, value) => engine.setProperty(qts("GetGlobalObject", context), name, value),
    newObject: () => qts("NewObject", context),
    text(value) {
      const at = qts("GetString", context, value);
      return at === 0 ? "" : cString(at);
    },
    newText(text) {
      const at = newCString(text);
      const value = qts("NewString", context, at);
      own["free"]?.(at);
      return value;
    },
    newNumber: (value) => qts("NewFloat64", context, value),
    hostFunction(id, name) {
      const at = newCString(name);
      return qts("NewFunction", context, at, 0, 0, id);
    },
    bufferAddress(buffer) {
      const length = malloc(4);
      const at = own["bufferData"]?.(context, length, buffer) ?? 0;
      own["free"]?.(length);
      return at;
    },
    runJobs() {
      const at = malloc(4);
      let count = 0;
      while (qts("IsJobPending", runtime) !== 0) {
        const done = qts("ExecutePendingJob", runtime, 64, at);
        count += qts("GetFloat64", context, done);
        qts("FreeValuePointer", context, done);
      }
      own["free"]?.(at);
      return count;
    },
    allocate: malloc,
    setWord: (address, value) => view().setUint32(address, value, true),
    word: (address) => view().getUint32(address, true),
    setMaxStackSize: (size) => void qts("RuntimeSetMaxStackSize", runtime, size),
    enableModuleLoader: () => void qts("RuntimeEnableModuleLoader", runtime, 1),
    clearFree() {
      const used = bytes().findLastIndex((byte) => byte !== 0) + 1;
      const holes: { readonly at: number; readonly size: number }[] = [];
      for (let size = 1 << 18; size >= smallestHole; size /= 2) {
        for (;;) {
          const at = malloc(size);
          // Behind all that was ever used is no hole.
          if (at === 0 || at + size > used) {
            own["free"]?.(at);
            break;
          }
          holes.push({ at, size });
        }
      }
      for (const { at, size } of holes) bytes().fill(0, at, at + size);
      for (const { at } of holes.reverse()) own["free"]?.(at);
      bytes().fill(0, used);
    },
    save: () => ({ memory: bytes().slice(), stackPointer: stackPointer.value, runtime, context }),
    restore(saved) {
      const missing = (saved.memory.length - memory.buffer.byteLength) / 65_536;
      if (missing > 0) memory.grow(missing);
      bytes().set(saved.memory);
      bytes().fill(0, saved.memory.length);
      stackPointer.value = saved.stackPointer;
      runtime = saved.runtime;
      context = saved.context;
    },
    get state() {
      return { runtime, context };
    },
  };

  if (state === undefined) {
    own["initialize"]?.();
    runtime = qts("NewRuntime");
    context = qts("NewContext", runtime, 0);
  } else engine.restore(state);
  return engine;
}
