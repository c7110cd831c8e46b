// Makes the base: a fresh engine in which the library is evaluated, with the rejection tracker set.
import { Solo5Error } from "../../src/bytes/error.js";
import { webAssembly, type WasmModule } from "../../src/wasm/host.js";
import { maxStackSize, type Base } from "../../src/typescript/base.js";
import { createEngine, type ScriptEngine } from "../../src/typescript/engine/engine.js";
import type { Value } from "../../src/typescript/engine/instance.js";
import { hostFunctions, isDirect } from "../../src/typescript/host-functions.js";

/** What the traces of the library are called: they are left out. */
const libraryFile = "<solo5>";

/** Where in the engine's table what was added to it stands. */
export interface AddedElements {
  readonly tracker: number;
  readonly direct: number;
}

/** Evaluates the library (its bundle's text, an expression) in a fresh engine. Throws Solo5Error `ENGINE`. */
export function createBase(bytes: Uint8Array, elements: AddedElements, library: string): Base {
  const module: WasmModule = new webAssembly.Module(bytes);
  const engine = createEngine(module);
  engine.setMaxStackSize(maxStackSize);
  setTracker(engine, module, elements.tracker);
  const host = engine.newObject();
  hostFunctions.forEach((name, i) => {
    const made = engine.hostFunction(i + 1, name);
    if (isDirect(name)) makeDirect(engine, made, i + 1, elements.direct);
    engine.setProperty(host, name, made);
  });
  engine.setGlobal("solo5Host", host);
  // Compiled elsewhere: what the compiler leaves in memory is no part of the base.
  const bytecode = createEngine(module).compile(library, libraryFile, { bare: true });
  const exported = engine.evaluateBytecode(bytecode);
  engine.evaluate("delete globalThis.solo5Host", libraryFile);
  const build = engine.property(exported, "build");
  const provided = engine.text(engine.call(engine.property(build, "provided"))).split(",");
  const addresses = {
    resume: engine.property(exported, "resume"),
    tick: engine.property(exported, "tick"),
    report: engine.property(exported, "report"),
    rejected: engine.property(exported, "rejected"),
    exchange: engine.bufferAddress(engine.property(build, "exchange")),
    arguments: engine.allocate(16),
  };
  engine.runJobs();
  engine.clearFree();
  return { state: engine.save(), addresses, build, provided };
}

const pointer = 4;
/**
 * Has a function that QTS_NewFunction made give its results as they are. A JSObject with a JSCFunctionDataRecord points to it: a
 * place in the table, then length and number of data, a byte each, and a number of 16 bits. That it does so is tried.
 */
function makeDirect(engine: ScriptEngine, made: Value, id: number, element: number): void {
  const record = engine.word(engine.word(made) + 8 * pointer);
  const oneDatum = 1 << 8;
  if (engine.word(record + pointer) === oneDatum) {
    engine.setWord(record, element);
    engine.setWord(record + pointer, oneDatum | (id << 16));
    const before = engine.onHostFunction;
    engine.onHostFunction = () => -id;
    const result = Number(engine.text(engine.call(made)));
    engine.onHostFunction = before;
    if (result === -id) return;
  }
  throw new Solo5Error("ENGINE", "the engine's functions are not laid out as expected");
}

/**
 * Sets the runtime's rejection tracker, for which the module has no function. In JSRuntime it stands in front of the list of
 * jobs and the module loader, of which setting one shows the place; that it is the one is tried with a promise.
 */
function setTracker(engine: ScriptEngine, module: WasmModule, element: number): void {
  const { runtime } = engine.state;
  const other = createEngine(module, engine.save());
  const before = other.save().memory;
  other.enableModuleLoader();
  const after = other.save().memory;
  const words = (memory: Uint8Array) => new Uint32Array(memory.buffer, runtime, 256);
  const [old, changed] = [words(before), words(after)];
  const loader = old.findIndex((word, i) => word !== changed[i]);
  const jobs = runtime + loader * pointer - 2 * pointer;
  const isList = engine.word(jobs) === jobs && engine.word(jobs + pointer) === jobs;
  const at = jobs - 2 * pointer;
  if (loader < 0 || !isList || engine.word(at) !== 0 || engine.word(at + pointer) !== 0) {
    throw new Solo5Error(
      "ENGINE",
      "the engine's runtime is not laid out as expected: no place for the rejection tracker",
    );
  }
  engine.setWord(at, element);
  const seen: boolean[] = [];
  engine.onRejection = (isHandled) => void seen.push(isHandled);
  engine.evaluate("{ const p = Promise.reject(1); p.catch(() => {}); }", libraryFile);
  engine.runJobs();
  engine.onRejection = () => {};
  if (seen.join() !== "false,true") {
    throw new Solo5Error("ENGINE", "the engine does not tell of promises that are rejected");
  }
}
