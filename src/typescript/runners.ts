// Runners and what belongs to them as files, in one folder that `npm run build:runners` makes: also a package of its own.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import { packageRoot, packageVersion } from "../toolchain/layout.js";
import type { Base } from "./base.js";
import { filledRuns, type RunnerAddresses } from "./runner-image.js";

export const runnerTargets = ["spt", "hvt", "virtio"] as const;
export type RunnerTarget = (typeof runnerTargets)[number];

export const runnersPackage = "solo5-runners";
export const runnersOutput = join(packageRoot, "dist", "runners");

export const runnerFile = (folder: string, isa: Isa, target: RunnerTarget): string =>
  join(folder, `runner-${isa}.${target}`);
/** The container runtime without Node: src/oci/quick.sh looks for it by this name. */
export const ociFile = (folder: string, isa: Isa): string => join(folder, `oci-${packageVersion()}-${isa}`);
export const engineFile = (folder: string): string => join(folder, "engine.wasm");
/** What stands in the place of solo5:* in bundles. */
export const modulesFolder = (folder: string): string => join(folder, "modules");
/** Libraries, by the file below guest/typescript/library that each begins with; the last one has everything. */
export const libraries = ["core", "server", "network"] as const;
export type Library = (typeof libraries)[number];
/** That of programs that are no unikernels: what no build of a user's begins with. */
export const systemLibrary = "system";
type AnyLibrary = Library | typeof systemLibrary;

const baseFile = (folder: string, library: AnyLibrary): string => join(folder, `${library}.json`);
const memoryFile = (folder: string, library: AnyLibrary): string => join(folder, `${library}.bin`);

interface StoredBase {
  readonly version: string;
  readonly addresses: RunnerAddresses;
  readonly build: number;
  readonly state: Omit<Base["state"], "memory">;
  readonly memoryBytes: number;
  readonly provided: Base["provided"];
  /** Where each run of bytes goes, in the file's order. */
  readonly runs: readonly { readonly at: number; readonly length: number }[];
}

export function writeBase(
  folder: string,
  library: AnyLibrary,
  { state: { memory, ...state }, addresses, build, provided }: Base,
): void {
  const runs = filledRuns(memory);
  const stored: StoredBase = {
    version: packageVersion(),
    addresses,
    build,
    state,
    memoryBytes: memory.length,
    provided,
    runs: runs.map(({ at, bytes }) => ({ at, length: bytes.length })),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(memoryFile(folder, library), Buffer.concat(runs.map(({ bytes }) => bytes)));
  writeFileSync(baseFile(folder, library), `${JSON.stringify(stored)}\n`);
}

const readStored = (folder: string, library: AnyLibrary): StoredBase =>
  JSON.parse(readFileSync(baseFile(folder, library), "utf8")) as StoredBase;

/** What each library has: see `Base`. */
export const providedBy = (folder: string): ReadonlyMap<Library, readonly string[]> =>
  new Map(libraries.map((library) => [library, readStored(folder, library).provided]));

export function readBase(folder: string, library: AnyLibrary): Base {
  const { addresses, build, state, memoryBytes, provided, runs, version } = readStored(folder, library);
  if (version !== packageVersion())
    throw new Solo5Error("RUNNER", `${folder}: runners of version ${version}, this is ${packageVersion()}`);
  const data = readFileSync(memoryFile(folder, library));
  const memory = new Uint8Array(memoryBytes);
  let from = 0;
  for (const { at, length } of runs) {
    memory.set(data.subarray(from, from + length), at);
    from += length;
  }
  return { addresses, build, provided, state: { ...state, memory } };
}

/** The folder of the runners: built here, or installed. Throws Solo5Error `RUNNER`. */
export function findRunners(): string {
  if (existsSync(baseFile(runnersOutput, "network"))) return runnersOutput;
  for (const from of [packageRoot, process.cwd()]) {
    try {
      return dirname(createRequire(join(from, "package.json")).resolve(`${runnersPackage}/package.json`));
    } catch {
      // Not from there.
    }
  }
  throw new Solo5Error(
    "RUNNER",
    `no runners for TypeScript programs: install ${runnersPackage} from npm, or npm run build:runners in a checkout`,
  );
}
