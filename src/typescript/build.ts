// From a program's file to a unikernel: bundle, evaluation, and a runner that it is put into.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Isa } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import type { Declaration } from "../image/manifest-json.js";
import { readFile } from "../host/any/files.js";
import { compileAssemblyScript } from "./assemblyscript.js";
import { bundle } from "./bundle.js";
import { libraryFor } from "./library.js";
import { evaluateProgram } from "./program.js";
import { fillRunner } from "./runner-image.js";
import {
  engineFile,
  findRunners,
  modulesFolder,
  providedBy,
  readBase,
  runnerFile,
  type RunnerTarget,
} from "./runners.js";
import { buildWasm } from "./wasm-program.js";

export interface TypeScriptBuild {
  readonly target: RunnerTarget;
  readonly isa: Isa;
  /** The folder whose files the program gets. */
  readonly files?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

export interface BuiltProgram {
  readonly unikernel: Uint8Array;
  /** Statements at the top that ran at build time, and what the next one needs; undefined where all of them ran. */
  readonly evaluated: number;
  readonly stoppedFor: string | undefined;
  /** The files that the program is made of. */
  readonly sources: readonly string[];
}

/** By the file's name: WebAssembly and AssemblyScript (`.as.ts`) through C, everything else as TypeScript. */
export async function buildProgram(file: string, options: TypeScriptBuild): Promise<BuiltProgram> {
  const { target, isa, files, env = {} } = options;
  const isAssemblyScript = file.endsWith(".as.ts");
  if (!isAssemblyScript && !file.endsWith(".wasm")) return buildTypeScript(file, options);
  const bytes = isAssemblyScript ? compileAssemblyScript(file) : readFile(file);
  const tree = Object.entries(files === undefined ? {} : readTree(files));
  const decoded = tree.map(([path, text]) => [path, Uint8Array.from(Buffer.from(text, "base64"))] as const);
  const unikernel = await buildWasm(bytes, file, { target, isa, env, files: Object.fromEntries(decoded) });
  return { unikernel, evaluated: 0, stoppedFor: "to start", sources: [resolve(file)] };
}

/** Throws Solo5Error `BUNDLE`, `PROGRAM`, `RUNNER`, `NO_BUNDLER`. */
export function buildTypeScript(
  file: string,
  { target, isa, files, env = {} }: TypeScriptBuild,
): BuiltProgram {
  if (!existsSync(file)) throw new Solo5Error("NO_FILE", `${file}: No such file or directory`);
  const folder = findRunners();
  const runner = runnerFile(folder, isa, target);
  if (!existsSync(runner)) throw new Solo5Error("RUNNER", `there is no runner for ${target} on ${isa}`);
  const bundled = bundle(file, { modules: modulesFolder(folder), env });
  const library = libraryFor(bundled.source, providedBy(folder), files !== undefined);
  const program = evaluateProgram(readFile(engineFile(folder)), readBase(folder, library), bundled, {
    devices: packageDevices(file),
    files: files === undefined ? {} : readTree(files),
    network: usesNetwork.test(bundled.source) ? defaultDevice : undefined,
  });
  const { evaluated, stoppedFor } = program;
  const { sources } = JSON.parse(bundled.sourceMap) as { readonly sources: readonly string[] };
  return {
    unikernel: fillRunner(readFile(runner), runner, program),
    evaluated,
    stoppedFor,
    sources: [file, ...sources].map((source) => resolve(source)),
  };
}

/** The device of programs that name none: guest/typescript/library/ip.ts. */
const defaultDevice = "service";
const usesNetwork = /Symbol\.for\("solo5\.modules"\)\]\.(?:dns|http|tcp|udp)\b/;

const kinds = { net: "NET_BASIC", block: "BLOCK_BASIC" } as const;

/** `"solo5": { "net": ["service"], "block": ["storage"] }` of the nearest package.json. */
function packageDevices(file: string): readonly Declaration[] {
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (existsSync(path)) {
      let content: { readonly solo5?: Readonly<Record<string, unknown>> };
      try {
        content = JSON.parse(readFileSync(path, "utf8")) as typeof content;
      } catch (cause) {
        throw new Solo5Error("PACKAGE", `${relative("", path)}: not JSON`, { cause });
      }
      return Object.entries(content.solo5 ?? {}).flatMap(([kind, names]) => {
        const isKnown = Object.hasOwn(kinds, kind) && Array.isArray(names);
        if (!isKnown || !names.every((name) => /^[A-Za-z0-9]{1,67}$/.test(String(name)))) {
          throw new Solo5Error(
            "PACKAGE",
            `${relative("", path)}: "solo5" holds "net" and "block", lists of devices' names of letters and digits`,
          );
        }
        return names.map((name): Declaration => ({
          name: String(name),
          type: kinds[kind as keyof typeof kinds],
        }));
      });
    }
    if (folder === dirname(folder)) return [];
  }
}

/** Files below a folder, by their path in it; in base64, as the engine takes them. */
function readTree(folder: string): Readonly<Record<string, string>> {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (cause) {
    throw new Solo5Error("NO_FILE", `--files: ${folder} is no folder that can be read`, { cause });
  }
  const files: Record<string, string> = {};
  for (const entry of entries.toSorted((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[relative(folder, path).split(sep).join("/")] = readFileSync(path).toString("base64");
  }
  return files;
}
