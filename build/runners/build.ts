// Makes the runners: the engine as C, compiled and linked for every target and ISA, with the library evaluated.
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { Isa } from "../../src/abi/elf.js";
import { readModule } from "../../src/wasm/module-reader.js";
import { mangle } from "../../src/wasm/to-c/names.js";
import { wasmToC } from "../../src/wasm/to-c/module.js";
import { isas } from "../../src/toolchain/isa.js";
import { guestSource, packageRoot, packageVersion } from "../../src/toolchain/layout.js";
import { buildWasmProgram, wasmFolder } from "../../src/toolchain/wasm.js";
import { createBase } from "./base.js";
import { libraryBundle } from "./library-bundle.js";
import { readEngine } from "./engine-source.js";
import { refreshOciPrograms, stampRunners } from "./oci-program.js";
import { hostHeader } from "../../src/typescript/host-functions.js";
import { runnerDevices, runnerMemory } from "../../src/typescript/runner-image.js";
import {
  engineFile,
  modulesFolder,
  runnerFile,
  runnersOutput,
  runnersPackage,
  runnerTargets,
  writeBase,
  libraries,
  systemLibrary,
} from "../../src/typescript/runners.js";

const source = join(guestSource, "typescript");

interface RunnersBuild {
  readonly isas?: readonly Isa[];
  readonly output?: string;
}

/** Builds what is out of date; gives the number of files made. Throws Solo5Error `BUILD`, `ENGINE`, `NO_COMPILER`. */
export async function buildRunners({
  isas: wanted = Object.keys(isas) as Isa[],
  output = runnersOutput,
}: RunnersBuild = {}): Promise<number> {
  const engine = await readEngine(join(packageRoot, "package.json"));
  mkdirSync(output, { recursive: true });
  writeFileSync(engineFile(output), engine.bytes);
  for (const library of libraries) {
    writeBase(output, library, createBase(engine.bytes, engine.elements, await libraryBundle(library)));
  }

  const named = (name: string) => `engine_${mangle(name)}`;
  const runner = readFileSync(join(source, "runner.c"), "utf8");
  const module = wasmToC(engine.bytes, {
    name: "engine.wasm",
    units: unitCount,
    apart: interpreterOf(engine.bytes),
    restored: true,
    naming: {
      imported: ({ name }) => named(name),
      exported: (name) => (runner.includes(`${named(name)}(`) ? named(name) : undefined),
    },
  });
  let made = 0;
  for (const isa of wanted) {
    const targets = runnerTargets.filter((target) => isas[isa].targets.includes(target));
    // What memory is guarded by its end is compiled otherwise.
    for (const isGuarded of [true, false]) {
      const alike = targets.filter(
        (target) => (runnerMemory(isa, target).stackBase !== undefined) === isGuarded,
      );
      const [first] = alike;
      if (first === undefined) continue;
      const { base, stackBase } = runnerMemory(isa, first);
      const work = join(output, ".build", isGuarded ? `${isa}-guarded` : isa);
      mkdirSync(work, { recursive: true });
      const header = join(work, "host-functions.h");
      writeFileSync(header, hostHeader());
      made += await buildWasmProgram({
        isa,
        targets: alike,
        work,
        module,
        sources: [join(source, "runner.c")],
        headers: [header, join(source, "runner.h"), join(wasmFolder, "random.h")],
        devices: runnerDevices,
        flags: [`-I${source}`],
        // Most of the engine is a compiler and libraries, in which its programs spend little.
        unitFlags: (unit) => (unit < unitCount ? ["-Oz"] : []),
        // For debuggers, wherever it was built.
        sourceFlags: ["-g", `-ffile-prefix-map=${packageRoot}${sep}=`, `-ffile-prefix-map=${packageRoot}=.`],
        memoryBase: base,
        stackBase,
        output: (target) => runnerFile(output, isa, target as (typeof runnerTargets)[number]),
      });
    }
  }
  const system = createBase(engine.bytes, engine.elements, await libraryBundle(systemLibrary));
  writeBase(join(output, ".build"), systemLibrary, system);
  stampRunners(output);
  made += await refreshOciPrograms(output);
  cpSync(join(source, "modules"), modulesFolder(output), { recursive: true });
  writePackage(output);
  return made;
}

/** Files that the engine's C is spread over. */
const unitCount = 4;

/** The engine's loop over bytecodes, which is the function with the largest jump table, and what it calls. */
function interpreterOf(engine: Uint8Array): ReadonlySet<number> {
  const { functions } = readModule(engine, "engine.wasm");
  const largest = ({ code }: (typeof functions)[number]): number =>
    Math.max(0, ...code.map(({ name, at }) => (name === "br_table" ? at.length : 0)));
  const sizes = functions.map(largest);
  const loop = sizes.indexOf(Math.max(...sizes));
  const called = (functions[loop]?.code ?? []).flatMap(({ name, at }) =>
    name === "call" ? [at[0] ?? 0] : [],
  );
  return new Set([loop, ...called]);
}

function writePackage(output: string): void {
  const description = "Prelinked runners of unikernels written in TypeScript, for the package solo5";
  const manifest = {
    name: runnersPackage,
    version: packageVersion(),
    description,
    license: "ISC AND MIT",
    files: [
      "runner-*",
      "oci-*",
      "engine.wasm",
      ...libraries.flatMap((name) => [`${name}.json`, `${name}.bin`]),
      "modules",
      "LICENSE-*",
    ],
  };
  writeFileSync(join(output, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const engine = join(packageRoot, "node_modules", "@jitl", "quickjs-ng-wasmfile-release-sync");
  copyFileSync(join(engine, "LICENSE"), join(output, "LICENSE-engine"));
}
