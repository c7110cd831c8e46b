// Evaluates a program at build time up to the first statement that needs its unikernel: a device, time, randomness, arguments,
// the console. What the engine's memory holds then is what every start begins with.
import { Solo5Error } from "../bytes/error.js";
import type { Declaration } from "../image/manifest-json.js";
import { webAssembly, type WasmModule } from "../wasm/host.js";
import { maxStackSize, type Base } from "./base.js";
import type { Bundle } from "./bundle.js";
import { createEngine, NeedsUnikernel, ProgramError, type Engine, type EngineState } from "./engine.js";
import type { RunnerProgram } from "./runner-image.js";

export interface ProgramOptions {
  /** Declared beside the program. */
  readonly devices?: readonly Declaration[];
  /** Contents in base64, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The program's name in traces: guest/typescript/library/traces.ts. */
const bundleFile = "<program>";
const kinds = { net: "NET_BASIC", block: "BLOCK_BASIC" } as const;

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
  { devices = [], files = {} }: ProgramOptions = {},
): EvaluatedProgram {
  const module: WasmModule = new webAssembly.Module(engineBytes);
  const engine = createEngine(module, base.state);
  engine.onHostFunction = (name) => {
    throw new NeedsUnikernel(name);
  };
  engine.onRejection = (isHandled, promise, reason) =>
    void engine.call(base.addresses.rejected, engine.newNumber(isHandled ? 1 : 0), promise, reason);
  const build = (name: string, ...args: readonly number[]) =>
    engine.call(engine.property(base.build, name), ...args);

  try {
    build("load", engine.evaluate(bundle.source, bundleFile));
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new Solo5Error("PROGRAM", error.message, { cause: error });
  }
  build("useSourceMap", engine.newText(bundle.sourceMap), engine.newNumber(bundle.skippedLines));
  if (Object.keys(files).length > 0) build("useFiles", parsed(engine, files));
  const kindOf = { NET_BASIC: "net", BLOCK_BASIC: "block" } as const;
  for (const { name, type } of devices)
    build("declareDevice", engine.newText(name), engine.newText(kindOf[type]));

  const { evaluated, stoppedFor } = runStatements(
    engine,
    bundle,
    () => engine.text(build("step")) === "true",
  );
  const declared = JSON.parse(engine.text(build("declaredDevices"))) as {
    name: string;
    kind: keyof typeof kinds;
  }[];
  build("sealDevices");
  return {
    state: tidied(engine.save()),
    addresses: base.addresses,
    devices: declared.map(({ name, kind }) => ({ name, type: kinds[kind] })),
    evaluated,
    stoppedFor,
  };
}

function parsed(engine: Engine, value: unknown): number {
  return engine.evaluate(`(${JSON.stringify(value)})`, "<solo5>");
}

/** The same statements give the same state again, so that one state is enough to go back to. */
function runStatements(
  engine: Engine,
  { statements }: Bundle,
  step: () => boolean,
): { readonly evaluated: number; readonly stoppedFor: string | undefined } {
  const loaded = engine.save();
  for (let done = 0; done < statements; done++) {
    try {
      if (step()) return { evaluated: done, stoppedFor: undefined };
    } catch (error) {
      if (!(error instanceof NeedsUnikernel || error instanceof ProgramError)) throw error;
      engine.restore(loaded);
      for (let again = 0; again < done; again++) step();
      return { evaluated: done, stoppedFor: error instanceof NeedsUnikernel ? error.what : error.message };
    }
  }
  return { evaluated: statements, stoppedFor: undefined };
}

/** Without what lies in the unused part of the engine's stack. */
function tidied(state: EngineState): EngineState {
  state.memory.fill(0, state.stackPointer - maxStackSize, state.stackPointer);
  return state;
}
