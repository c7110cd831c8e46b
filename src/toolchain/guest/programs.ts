// Jobs for unikernels from the C and C++ sources and the manifest in a folder.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parseManifest } from "../../image/manifest-json.js";
import { manifestSource } from "../../image/manifest-source.js";
import { positionFlags } from "../flags.js";
import { isas, type BindingsTarget } from "../isa.js";
import type { Job } from "../jobs.js";
import { packageRoot } from "../layout.js";
import { filesBelow, type GuestTools } from "./tools.js";

/** What a self-test is compiled with, as any application might be. */
export const testFlags = ["-O2", "-g", "-Wall", "-Wextra", "-Werror"] as const;
const languageFlags = (source: string): readonly string[] =>
  source.endsWith(".cc") ? ["-std=c++17", "-fno-exceptions", "-fno-rtti"] : ["-std=gnu99"];

/** The C and C++ files in a program's folder. */
const sources = (folder: string): readonly string[] =>
  readdirSync(folder).filter((file) => /\.(c|cc)$/.test(file));

/** Objects that several programs share. */
export interface SharedObjects {
  readonly folder: string;
  objects(target: BindingsTarget): readonly string[];
  readonly compile: readonly Job[];
}

export interface ProgramJobs {
  /** The C source of its manifest; before `compile`. */
  readonly manifest: Job;
  readonly compile: readonly Job[];
  /** After `compile` and `bindings`. */
  link(target: BindingsTarget): Job;
}

/** The C and C++ files of a folder; what they include is in it, or in what else is given. */
export function folderJobs(tools: GuestTools, folder: string, shared: readonly string[] = []): SharedObjects {
  /** The ways that code is compiled for the targets there are. */
  const positions = isas[tools.isa].targets.includes("genode") ? [[], positionFlags("genode")] : [[]];
  const inputs = [folder, ...shared].flatMap(filesBelow);
  const flags = [...testFlags, ...shared.flatMap((one) => ["-I", one])];
  const object = (source: string, position: readonly string[]): string =>
    join(tools.work, basename(folder), `${source}${position.join("")}.o`);
  const compile = (source: string, position: readonly string[]): Job => {
    const all = [...languageFlags(source), ...flags, ...position];
    return tools.compile(join(folder, source), object(source, position), inputs, all);
  };
  return {
    folder,
    objects: (target) => sources(folder).map((source) => object(source, positionFlags(target))),
    compile: sources(folder).flatMap((source) => positions.map((position) => compile(source, position))),
  };
}

export function programJobs(
  tools: GuestTools,
  folder: string,
  file: (target: BindingsTarget) => string,
  shared?: SharedObjects,
): ProgramJobs {
  const own = folderJobs(tools, folder, shared === undefined ? [] : [shared.folder]);
  const json = join(folder, "manifest.json");
  const text = manifestSource(parseManifest(readFileSync(json, "utf8"), relative(packageRoot, json)));
  const manifest = join(tools.work, basename(folder), "manifest.c");
  const manifestObject = `${manifest}.o`;
  return {
    manifest: { output: manifest, inputs: [], make: { text } },
    compile: [
      ...own.compile,
      tools.compile(manifest, manifestObject, [manifest], ["-std=gnu99", "-O2", "-fPIC"]),
    ],
    link: (target) =>
      tools.link(file(target), target, [
        ...(target === "genode" ? [] : [tools.wholeBindings(target)]),
        ...own.objects(target),
        manifestObject,
        ...(shared?.objects(target) ?? []),
      ]),
  };
}
