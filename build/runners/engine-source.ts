// The engine of TypeScript unikernels: QuickJS-ng's WebAssembly from npm, at one version, with names in place of the letters
// that its own JavaScript module maps, and one function more: what the engine calls about promises that nobody handles.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Solo5Error } from "../../src/bytes/error.js";
import { editModule } from "../../src/wasm/edit.js";
import { webAssembly, type WasmImports } from "../../src/wasm/host.js";
import { additions, occurrences } from "./additions.js";
import type { AddedElements } from "./base.js";
import { readModule } from "../../src/wasm/module-reader.js";
import { op } from "../../src/wasm/opcodes.js";

export const engineRelease = {
  name: "@jitl/quickjs-ng-wasmfile-release-sync",
  version: "0.32.0",
  /** Of dist/emscripten-module.wasm. */
  sha256: "b56fe5094b8751c47b8c32fb5ed4d75afe2dbb43412d3d983ac5d1156af456da",
} as const;

/** The module's imports by what the module's own JavaScript does for them: each pattern fits the text of one function. */
const roles = {
  assertFailed: /Assertion failed/,
  abort: /^\(\)=>\w+\(""\)$/,
  keepRuntimeAlive: /^\(\)=>\{\w+=!1;\w+=0\}$/,
  localTime: /getSeconds/,
  setTimer: /setTimeout/,
  timezone: /UTC\$\{/,
  clockTimeGet: /performance\.now\(\)\)\)\);return 0\}$/,
  now: /^\(\)=>Date\.now\(\)$/,
  resizeHeap: /2147483648/,
  environGet: /Infinity/,
  environSizesGet: /^\((\w+),(\w+)\)=>\{var (\w+)=\w+\(\);\w+\[\1>>2\]=\3\.length/,
  fdClose: /^\(\)=>52$/,
  fdSeek: /^function\(\)\{return 70\}$/,
  fdWrite: /0===\w+\|\|10===\w+/,
  exit: /onExit/,
  callFunction: /callbacks\.callFunction/,
  shouldInterrupt: /callbacks\.shouldInterrupt/,
  loadModuleSource: /callbacks\.loadModuleSource/,
  normalizeModule: /callbacks\.normalizeModule/,
  freeHostRef: /callbacks\.freeHostRef/,
} as const;
export type ImportRole = keyof typeof roles;

/** What host functions are known by begins at 1: 0 is this one, with a promise and its reason as arguments. */
export const rejectionId = 0;

export interface EngineModule {
  /** Imports from `engine`: `memory` and the roles; exports QTS_…, malloc, free, initialize and stackPointer. */
  readonly bytes: Uint8Array;
  readonly elements: AddedElements;
}

/** Throws Solo5Error `ENGINE` where the package is not the one that this was made for. */
export async function readEngine(from: string): Promise<EngineModule> {
  const { name, version, sha256 } = engineRelease;
  const wrong = (what: string) => new Solo5Error("ENGINE", `${name}@${version}: ${what}`);
  let folder: string;
  try {
    folder = dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch (cause) {
    throw new Solo5Error("ENGINE", `${name}@${version} is not there: npm ci`, { cause });
  }
  const bytes = Uint8Array.from(readFileSync(join(folder, "dist", "emscripten-module.wasm")));
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) throw wrong(`its WebAssembly has SHA-256 ${found}, expected ${sha256}`);
  const names = await ownNames(join(folder, "dist", "emscripten-module.mjs"), bytes);
  const module = readModule(bytes, name);
  const indexOf = (exported: string): number =>
    module.exports.find((each) => names.exports.get(each.name) === exported)?.index ?? -1;
  const callFunction = module.functions.findIndex(
    ({ imported }) => imported !== undefined && names.imports.get(imported.name) === "callFunction",
  );
  const { bytes: edited, firstElement } = editModule(withoutStepDump(bytes, wrong), {
    importName: (_module, letter) => {
      const role = names.imports.get(letter);
      if (role === undefined) throw wrong(`its import ${letter} is none that is known`);
      return ["engine", role];
    },
    exportName: (letter) => names.exports.get(letter),
    globals: [{ name: "stackPointer", index: 0 }],
    functions: additions({ bytes, module, indexOf, callFunction, wrong }),
  });
  return { bytes: edited, elements: { tracker: firstElement, direct: firstElement + 1 } };
}

/** What the interpreter does when it begins and with every bytecode: load8_u of JSRuntime.dump_flags, and 128. */
const stepDump = [op["i32.load8_u"], 0, 0xf1, 1, op["i32.const"], 0x80, 1, op["i32.and"]];

/** JS_DUMP_BYTECODE_STEP, which nobody sets, as 0 in as many bytes: the check is a sixth of a server's time. */
function withoutStepDump(bytes: Uint8Array, wrong: (what: string) => Solo5Error): Uint8Array {
  const places = occurrences(bytes, Uint8Array.from(stepDump));
  if (places.length !== 2) throw wrong("its loop does not begin as it did");
  const changed = bytes.slice();
  for (const at of places) changed[at + stepDump.length - 2] = 0;
  return changed;
}

interface OwnNames {
  readonly imports: ReadonlyMap<string, string>;
  readonly exports: ReadonlyMap<string, string>;
}

/** Has the package's JavaScript instantiate the module, and sees what it calls imports and exports. */
async function ownNames(file: string, bytes: Uint8Array): Promise<OwnNames> {
  const { default: start } = (await import(pathToFileURL(file).href)) as {
    default: (options: object) => Promise<Record<string, unknown>>;
  };
  let given: Readonly<Record<string, unknown>> = {};
  let exported: Readonly<Record<string, unknown>> = {};
  const own = await start({
    instantiateWasm(imports: WasmImports, done: (instance: unknown, module: unknown) => void) {
      const module = new webAssembly.Module(bytes);
      const instance = new webAssembly.Instance(module, imports);
      given = Object.values(imports)[0] ?? {};
      exported = instance.exports;
      done(instance, module);
      return exported;
    },
  });
  const imports = new Map<string, string>();
  for (const [letter, value] of Object.entries(given)) {
    if (typeof value !== "function") imports.set(letter, "memory");
    else {
      const text = String(value).replaceAll("\n", "");
      const fitting = (Object.keys(roles) as ImportRole[]).filter((role) => roles[role].test(text));
      if (fitting.length !== 1 || [...imports.values()].includes(fitting[0] ?? "")) {
        throw new Solo5Error(
          "ENGINE",
          `${file}: import ${letter} is ${fitting.join(" or ") || "unknown"}: ${text}`,
        );
      }
      imports.set(letter, fitting[0] ?? "");
    }
  }
  const exports = new Map<string, string>();
  for (const [letter, value] of Object.entries(exported)) {
    // Functions that do the same are one function with several names.
    const taken = new Set(exports.values());
    const name = Object.keys(own).find(
      (key) => key.startsWith("_") && own[key] === value && !taken.has(key.slice(1)),
    );
    if (name !== undefined) exports.set(letter, name.slice(1));
    else if (letter === initializer(file)) exports.set(letter, "initialize");
  }
  return { imports, exports };
}

/** The export that the package's JavaScript calls before all others: `initRuntime`. */
function initializer(file: string): string | undefined {
  return /\.calledRun=!0;if\(!\w+\)\{\w+=!0;\w+\.(\w+)\(\)/.exec(readFileSync(file, "utf8"))?.[1];
}
