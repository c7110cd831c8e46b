// Thread-local storage as linkers place it: every alignment, with and without initial values, by clang with lld and by
// gcc with GNU ld. The CPU runs the spt unikernels natively, the interpreter those of hvt.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { manifestSource } from "../src/image/manifest-source.js";
import { attach, open, seal } from "../src/index.js";
import { buildGuest } from "../src/toolchain/build.js";
import { findCompiler } from "../src/toolchain/compiler.js";
import { compileFlags, linkFlags } from "../src/toolchain/flags.js";
import {
  bindingsObject,
  freestandingFolder,
  includeFolder,
  libFolder,
  linkerScript,
} from "../src/toolchain/layout.js";
import { load, runBare } from "./bare-machine.js";
import { execute, solo5 } from "./command.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";

const isa = "x86-64";
const targets = ["spt", "hvt", "virtio", "muen", "xen"] as const;
type Target = (typeof targets)[number];
const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));

interface Variables {
  readonly align: number;
  /** Of those without initial values, where it is another. */
  readonly zeroAlign?: number;
  /** Bytes with and without initial values. */
  readonly tdata: number;
  readonly tbss: number;
}

const none: Variables = { align: 1, tdata: 0, tbss: 0 };
const alignments = Array.from({ length: 13 }, (_, n) => 1 << n);
/** No size is a multiple of an alignment but 1. */
const both = alignments.map((align): Variables => ({ align, tdata: 2 * align + 1, tbss: align + 3 }));
const alone = [1, 2, 4, 8, 64, 4096].flatMap((align): readonly Variables[] => [
  { align, tdata: align + 1, tbss: 0 },
  { align, tdata: 0, tbss: align + 1 },
]);

const mixed: readonly Variables[] = [
  { align: 1, zeroAlign: 64, tdata: 3, tbss: 5 },
  { align: 64, zeroAlign: 1, tdata: 65, tbss: 5 },
  { align: 4, zeroAlign: 4096, tdata: 4, tbss: 5 },
  { align: 4096, zeroAlign: 2, tdata: 4097, tbss: 2 },
];

for (const cc of ["clang", "gcc"]) {
  const skip = needsAll(needs.x8664Linux(), cc === "gcc" && needs.program("gcc"));
  /** The bindings, too, are built by the compiler in question. */
  const output = join(folder, cc);
  const build = async (
    { align, zeroAlign = align, tdata, tbss }: Variables,
    targets: readonly Target[],
  ): Promise<Record<Target, string>> => {
    const compiler = findCompiler(isa, cc === "gcc" ? { SOLO5_CC: "gcc" } : {});
    const headers = { freestanding: freestandingFolder, solo5: includeFolder };
    const compile = [...compiler.cc, ...compileFlags(headers, compiler), "-O2", "-fno-pie", "-c"];
    const run = async ([program = "", ...args]: readonly string[]): Promise<void> =>
      assert.deepEqual(await execute(program, args), { stdout: "", stderr: "", status: 0 });
    const name = (suffix: string): string => join(output, `tls-${align}-${tdata}-${tbss}${suffix}`);
    const manifest = join(output, "manifest");
    writeFileSync(`${manifest}.c`, manifestSource([]));
    await run([...compile, `${manifest}.c`, "-o", `${manifest}.o`]);
    const defines = [`-DALIGN=${align}`, `-DZERO_ALIGN=${zeroAlign}`, `-DTDATA=${tdata}`, `-DTBSS=${tbss}`];
    await run([...compile, ...defines, join(projectRoot, "test/programs/tls.c"), "-o", name(".o")]);
    const files = Object.fromEntries(targets.map((target) => [target, name(`.${target}`)]));
    const lib = libFolder(output, isa);
    for (const target of targets) {
      const script = ["-T", join(lib, linkerScript(target)), join(lib, bindingsObject(target))];
      await run([
        ...compiler.ld,
        ...linkFlags,
        ...script,
        name(".o"),
        `${manifest}.o`,
        "-o",
        name(`.${target}`),
      ]);
    }
    return files as Record<Target, string>;
  };

  test(`thread-local variables of every alignment: ${cc}`, { skip }, async () => {
    if (cc === "gcc") process.env["SOLO5_CC"] = "gcc";
    await buildGuest({ isas: [isa], targets, tests: [], runtime: false, output });
    delete process.env["SOLO5_CC"];
    for (const variables of [none, ...both, ...alone, ...mixed]) {
      const { spt, hvt } = await build(variables, ["spt", "hvt"]);
      const what = JSON.stringify(variables);
      const file = join(output, "sealed");
      writeFileSync(file, seal(attach(open(spt), { memMiB: 2 })), { mode: 0o755 });
      assert.equal((await execute(file)).status, 0, what);
      assert.equal(runBare(load(hvt, newInterpreter)).status, 0, what);
    }
    const others = await build({ align: 4, tdata: 0, tbss: 4 }, ["virtio", "muen", "xen"]);
    for (const file of [others.virtio, others.muen, others.xen])
      assert.equal((await solo5("solo5", ["run", file, "--mem=16"])).status, 0, file);
  });
}
