// Evaluates a program at build time up to the first statement that needs its unikernel: a device, time, randomness, arguments,
// the console. What the engine's memory holds then is what every start begins with.
import { Solo5Error } from "../bytes/error.js";
import type { Declaration } from "../image/manifest-json.js";
import { webAssembly, type WasmModule } from "../wasm/host.js";
import { maxStackSize, type Base } from "./base.js";
import type { Bundle } from "./bundle.js";
import { createEngine, NeedsUnikernel, ProgramError, type ScriptEngine } from "./engine/engine.js";
import type { EngineState } from "./engine/state.js";
import type { RunnerProgram } from "./runner-image.js";

export interface ProgramOptions {
  /** Declared beside the program. */
  readonly devices?: readonly Declaration[];
  /** Contents in base64, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** The network device that the program uses, unless one is declared before the build stops. */
  readonly network?: string | undefined;
}

/** The program's name in traces: guest/typescript/library/traces.ts. */
const bundleFile = "<program>";

export interface EvaluatedProgram extends RunnerProgram {
  /** Statements that ran, and what the next one needs. */
  readonly evaluated: number;
  readonly stoppedFor: string | undefined;
}

/** Throws Solo5Error `PROGRAM` for a program that the engine cannot read. */
export function evaluateProgram(
  engineBytes: Uint8Array,
  base: Base,
  bundle: Bundle,
  { devices = [], files = {}, network }: ProgramOptions = {},
): EvaluatedProgram {
  const module: WasmModule = new webAssembly.Module(engineBytes);
  const engine = createEngine(module, base.state);
  engine.onHostFunction = (name) => {
    throw new NeedsUnikernel(name);
  };
  engine.onRejection = (isHandled, promise, reason) =>
    void engine.call(base.addresses.rejected, engine.newNumber(isHandled ? 1 : 0), promise, reason);
  engine.exchange = base.addresses.exchange;
  const declared = new Map<string, Declaration>();
  engine.onDevice = (name, isNet) =>
    void declared.set(name, { name, type: isNet ? "NET_BASIC" : "BLOCK_BASIC" });
  const build = (name: string, ...args: readonly number[]) =>
    engine.call(engine.property(base.build, name), ...args);

  build("load", engine.evaluateBytecode(compile(engine, bundle)));
  build("useSourceMap", engine.newText(bundle.sourceMap), engine.newNumber(bundle.skippedLines));
  if (Object.keys(files).length > 0) build("useFiles", parsed(engine, files));
  const kindOf = { NET_BASIC: "net", BLOCK_BASIC: "block" } as const;
  for (const { name, type } of devices)
    build("declareDevice", engine.newText(name), engine.newText(kindOf[type]));

  const { evaluated, stoppedFor } = runStatements(engine, bundle, createStep(engine, bundle, build));
  const hasNetwork = [...declared.values()].some(({ type }) => type === "NET_BASIC");
  if (network !== undefined && !hasNetwork && stoppedFor !== undefined) {
    declared.set(network, { name: network, type: "NET_BASIC" });
  }
  // With those that the statement declared at which the build stopped.
  for (const { name, type } of declared.values())
    build("declareDevice", engine.newText(name), engine.newText(kindOf[type]));
  build("sealDevices");
  return {
    state: tidied(engine),
    addresses: base.addresses,
    devices: [...declared.values()],
    evaluated,
    stoppedFor,
  };
}

/** What the compiler leaves in memory goes again. */
function compile(engine: ScriptEngine, { source }: Bundle): Uint8Array {
  const before = engine.save();
  try {
    return engine.compile(source, bundleFile);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new Solo5Error("PROGRAM", error.message, { cause: error });
  } finally {
    engine.restore(before);
  }
}

function parsed(engine: ScriptEngine, value: unknown): number {
  return engine.evaluate(`(${JSON.stringify(value)})`, "<solo5>");
}

type Build = (name: string, ...args: readonly number[]) => number;

/** Thrown by a step whose statement waits, or has left jobs that a module would not run before its next statement. */
class HasJobs extends Error {}

/** Runs one statement; whether the program has ended. */
function createStep(engine: ScriptEngine, { waits }: Bundle, build: Build): () => boolean {
  if (!waits) {
    return () => {
      build("step");
      return engine.text(build("state")) === "done";
    };
  }
  return () => {
    build("step");
    if (engine.runJobs() > jobsOfStop || engine.text(build("state")) === "running") throw new HasJobs();
    const state = engine.text(build("state"));
    if (state === "failed") throw new ProgramError("Error", "", "");
    return state === "done";
  };
}

/** That an async generator takes to stop, and the library to hear of it: ECMAScript 27.6.3. */
const jobsOfStop = 3;

/** The same statements give the same state again, so that one state is enough to go back to. */
function runStatements(
  engine: ScriptEngine,
  { statements }: Bundle,
  step: () => boolean,
): { readonly evaluated: number; readonly stoppedFor: string | undefined } {
  const loaded = engine.save();
  for (let done = 0; done < statements; done++) {
    try {
      if (step()) return { evaluated: done, stoppedFor: undefined };
    } catch (error) {
      const reason = whyStopped(error);
      engine.restore(loaded);
      for (let again = 0; again < done; again++) step();
      return { evaluated: done, stoppedFor: reason };
    }
  }
  return { evaluated: statements, stoppedFor: undefined };
}

/** What the program throws here it will throw at every start, where it is reported; so, too, where the build has too little. */
function whyStopped(error: unknown): string {
  if (error instanceof NeedsUnikernel) return error.what;
  if (error instanceof HasJobs) return "to wait";
  if (error instanceof ProgramError) return "to be reported: it throws";
  if (error instanceof RangeError) return "more stack than the build has";
  if (error instanceof Error && error.name === "RuntimeError") return "what the build cannot do";
  throw error;
}

/** Without what lies in free memory and in the unused part of the engine's stack. */
function tidied(engine: ScriptEngine): EngineState {
  engine.clearFree();
  const state = engine.save();
  state.memory.fill(0, state.stackPointer - maxStackSize, state.stackPointer);
  return state;
}
