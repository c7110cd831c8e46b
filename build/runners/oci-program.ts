// Makes the container runtime as a program without Node: src/oci over src/host/script, evaluated in the engine of TypeScript
// unikernels, as a static executable of Linux with every system call.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { build, type Plugin } from "esbuild";
import type { Isa } from "../../src/abi/elf.js";
import { readUnikernel } from "../../src/image/unikernel.js";
import { processOf } from "../../src/sealed/seal.js";
import { attach } from "../../src/tender/attach.js";
import { packageRoot } from "../../src/toolchain/layout.js";
import { takeProgram } from "../../src/typescript/bundle.js";
import { evaluateProgram } from "../../src/typescript/program.js";
import { fillRunner } from "../../src/typescript/runner-image.js";
import {
  engineFile,
  ociFile,
  readBase,
  runnerFile,
  runnersOutput,
  systemLibrary,
} from "../../src/typescript/runners.js";

const source = join(packageRoot, "dist", "src");

/** Modules that others stand in for, below src; and those that only Node's program has. */
const instead: Readonly<Record<string, string | undefined>> = {
  "host/linux/raw-call.js": "host/script/raw-call.js",
  "host/posix/libc.js": "host/script/no-libc.js",
  "host/linux/leave-to-node.js": "host/script/leave-to-node.js",
  "cli/help/text.js": undefined,
  "cli/help/style.js": undefined,
  "oci/hosted-program.js": undefined,
  "toolchain/layout.js": undefined,
};
const nodeModules: Readonly<Record<string, string>> = {
  "node:child_process": "child-process",
  "node:fs": "fs",
  "node:os": "os",
  "node:path": "path",
  "node:util": "util",
};

const replacements: Plugin = {
  name: "script",
  setup({ onLoad, onResolve, resolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => {
      const name = nodeModules[path];
      return name === undefined
        ? { errors: [{ text: `host/script has no ${path}` }] }
        : { path: join(source, "host", "script", "node", `${name}.js`) };
    });
    onResolve({ filter: /^\./ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === "resolved") return undefined;
      const found = await resolve(path, { ...options, pluginData: "resolved" });
      const name = relative(source, found.path).split(sep).join("/");
      if (!Object.hasOwn(instead, name)) return found;
      const other = instead[name];
      return other === undefined
        ? { path: name, namespace: "nothing" }
        : { path: join(source, ...other.split("/")) };
    });
    onLoad({ filter: /./, namespace: "nothing" }, () => ({ contents: "module.exports = {};", loader: "js" }));
  },
};

const architectures: Readonly<Record<Isa, string>> = { "x86-64": "x64", aarch64: "arm64" };

/** Guest memory in MiB: what is not touched takes none. */
const memMiB = 768;

/** What a runner is made of, and what fills it: one does not go with another's. */
const runnerSources = ["guest/typescript", "guest/wasm", "src/typescript", "src/wasm/to-c", "build/runners"];
const sourcesFile = join(".build", "sources.sha256");

function sourcesHash(): string {
  const hash = createHash("sha256");
  for (const folder of runnerSources.map((name) => join(packageRoot, name)))
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted())
      if (/\.(?:ts|[ch]|js)$/.test(name)) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

/** The runners there are of these sources. */
export const stampRunners = (output = runnersOutput): void =>
  writeFileSync(join(output, sourcesFile), sourcesHash());

/** Makes those that are out of date, of runners that are there; gives their number. Of old runners there is none: Node does all then. */
export async function refreshOciPrograms(output = runnersOutput): Promise<number> {
  const work = join(output, ".build");
  const stamped = join(output, sourcesFile);
  if (!existsSync(stamped) || readFileSync(stamped, "latin1") !== sourcesHash()) {
    for (const isa of Object.keys(architectures) as Isa[]) rmSync(ociFile(output, isa), { force: true });
    return 0;
  }
  let made = 0;
  for (const isa of Object.keys(architectures) as Isa[]) {
    const name = runnerFile(output, isa, "spt");
    if (!existsSync(name) || !existsSync(join(work, "system.bin"))) continue;
    const program = await bundled(isa);
    const runner = readFileSync(name);
    const engine = readFileSync(engineFile(output));
    const hash = createHash("sha256");
    for (const input of [program, runner, engine, readFileSync(join(work, "system.bin"))]) hash.update(input);
    const stamp = join(work, `oci-${isa}.sha256`);
    const digest = hash.digest("hex");
    const file = ociFile(output, isa);
    if (existsSync(file) && existsSync(stamp) && readFileSync(stamp, "latin1") === digest) continue;
    const evaluated = evaluateProgram(engine, readBase(work, systemLibrary), takeProgram(program));
    const unikernel = readUnikernel(fillRunner(runner, name, evaluated), name);
    const none = { netMtu: () => 0, blockSize: () => 0n };
    const plan = attach(unikernel, { memMiB, net: {}, block: {}, args: ["--solo5:quiet"] }, none);
    // It may be running.
    writeFileSync(`${file}.new`, processOf(plan), { mode: 0o755 });
    renameSync(`${file}.new`, file);
    writeFileSync(stamp, digest);
    made++;
  }
  return made;
}

async function bundled(isa: Isa): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: packageRoot,
    entryPoints: [join(source, "cli", "solo5-oci-small.js")],
    bundle: true,
    write: false,
    format: "iife",
    platform: "neutral",
    target: "es2023",
    // Names of variables only: statements stay where the evaluation stops between them.
    minifyIdentifiers: true,
    define: { "process.arch": JSON.stringify(architectures[isa]) },
    inject: [join(source, "host", "script", "globals.js")],
    plugins: [replacements],
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}
