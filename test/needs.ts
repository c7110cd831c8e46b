// What a test needs of the machine. Where it is missing the test is skipped with the reason; where SOLO5_NO_SKIP is
// set, as CI does, nothing is ever skipped: the test then fails in its own words. `user` instead of 1 allows for what is
// root's alone.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { kvmUnsupportedReason } from "../src/hypervisor/kvm/availability.js";

/** What a reason begins with where the tests run all the same, on a machine of test/rigs: CI lets these be. */
export const elsewhere = "in the rigs: ";

const mode = process.env["SOLO5_NO_SKIP"];
const unless = (met: boolean, reason: string): string | false =>
  met || mode === "1" || mode === "user" ? false : reason;
/** For what the kernel lets root do, and others perhaps; and for what is done once. */
const unlessRoot = (met: boolean, reason: string): string | false => (met || mode === "1" ? false : reason);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** What the rigs do where it cannot be done here. */
const inRigs = (reason: string | undefined): string | false =>
  reason !== undefined && `${(process.env["SOLO5_RIGS"] ?? "") === "" ? "" : elsewhere}${reason}`;

/** For `test(name, { skip: needs.program("gdb") }, …)`; each gives the reason to skip, or false. */
export const needs = {
  program: (...names: readonly string[]): string | false => {
    const folders = `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
    const missing = names.find((name) => !folders.some((folder) => isExecutable(join(folder, name))));
    return unless(missing === undefined, `needs the program ${missing}`);
  },
  root: (): string | false => unlessRoot(process.getuid?.() === 0, "needs root, to make network namespaces"),
  /** Mounts of its own, as root or by the kernel's leave. */
  namespaces: (): string | false =>
    unlessRoot(
      spawnSync("unshare", ["--map-root-user", "--mount", "true"]).status === 0,
      "needs a namespace for mounts: root, or a kernel that lets anybody have one",
    ),
  rigs: (): string | false =>
    unless(
      process.env["SOLO5_RIGS"] !== undefined,
      "needs the rigs: SOLO5_RIGS names the folder of test/rigs/prepare",
    ),
  file: (path: string, madeBy: string): string | false =>
    unless(existsSync(path), `needs ${path}, which ${madeBy} makes`),
  realPrograms: (): string | false =>
    unless(
      process.env["SOLO5_REAL"] !== undefined,
      "needs the real programs: SOLO5_REAL names the folder of test/real/prepare",
    ),
  /** What it takes to install the package: npm, and a registry behind it. Once is enough. */
  installing: (): string | false =>
    unlessRoot(
      process.env["SOLO5_INSTALL"] !== undefined,
      "needs a registry of npm: SOLO5_INSTALL says that there is one",
    ),
  /** Managers of containers, which .ci/run installs. */
  containers: (): string | false =>
    unlessRoot(
      process.env["SOLO5_CONTAINERS"] !== undefined,
      "needs podman, containerd, docker and runc: SOLO5_CONTAINERS says that they are installed",
    ),
  /** A /dev/kvm that works; the rigs run the same tests where there is none. */
  kvm: (): string | false => inRigs(kvmUnsupportedReason(true)),
  /** One that the CPU stands behind: a software one has no vector instructions. */
  hardwareKvm: (): string | false => inRigs(kvmUnsupportedReason(false)),
  x8664Linux: (): string | false =>
    unless(process.platform === "linux" && process.arch === "x64", "needs Linux on x86-64"),
};

/** The first reason among several. */
export const needsAll = (...reasons: readonly (string | false)[]): string | false =>
  reasons.find((reason) => reason !== false) ?? false;
