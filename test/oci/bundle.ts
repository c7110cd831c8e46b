// Bundles that tests make, and the runtime called as a manager calls it.
import { spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  readdirSync,
  openSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { Config } from "../../src/oci/config/types.js";
import { hostIsa } from "../../src/host/any/host-isa.js";
import { ociFile, runnersOutput } from "../../src/typescript/runners.js";
import { commandFile, selfTest, solo5, type Outcome } from "../command.js";

/** Any JSON: also what no runtime should take. */
export type Json = Readonly<Record<string, unknown>>;

export interface Containers extends Disposable {
  readonly folder: string;
  /** Where the runtime keeps its state. */
  readonly root: string;
  /** Makes a bundle with a self-test, or the file of a unikernel, in its rootfs; `files` are further ones, by path. */
  bundle(unikernel: string, config?: Json, files?: Readonly<Record<string, Uint8Array | string>>): string;
  /** Calls the runtime. */
  oci(...args: readonly string[]): Promise<Outcome>;
  /** create, with a file for the output. */
  create(id: string, bundle: string, ...options: readonly string[]): Promise<Outcome>;
  state(
    id: string,
  ): Promise<{ readonly status: string; readonly pid: number; readonly [key: string]: unknown }>;
}

/** The runtime by itself, without the shell in front: the program that the shell would choose, which SOLO5_OCI_PROGRAM=none makes Node's. */
export function runtimeCommand(): readonly [file: string, ...args: readonly string[]] {
  const program = process.env["SOLO5_OCI_PROGRAM"] ?? ociFile(runnersOutput, hostIsa() ?? "x86-64");
  return existsSync(program) ? [program] : [process.execPath, wholeProgram];
}

/** Node's. */
export const wholeProgram = join(dirname(commandFile("solo5-oci")), "solo5-oci.cjs");
/** Whether the runtime is a program without Node. */
export const isSmall = (): boolean => runtimeCommand().length === 1;

let count = 0;

/** A name that no other test gives a container. */
export const newId = (): string => `t${process.pid}-${count++}`;

const plain: Config = {
  ociVersion: "1.1.0",
  root: { path: "rootfs" },
  process: { args: ["/unikernel.spt"], cwd: "/" },
  linux: { namespaces: ["mount", "network", "uts", "ipc"].map((type) => ({ type })) },
};

/** `patch` over `base`, object by object; undefined takes a field away. */
export const merge = (base: Json, patch: Json): Json => {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const old = base[key];
    const isObject = (one: unknown): one is Json =>
      typeof one === "object" && one !== null && !Array.isArray(one);
    merged[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return merged;
};

export function containers(): Containers {
  const folder = mkdtempSync(join(tmpdir(), "solo5-oci-"));
  const root = join(folder, "state");
  const oci = (...args: readonly string[]): Promise<Outcome> => solo5("solo5-oci", ["--root", root, ...args]);
  return {
    folder,
    root,
    oci,
    bundle(unikernel, config = {}, files = {}) {
      const bundle = mkdtempSync(join(folder, "bundle-"));
      const rootfs = join(bundle, "rootfs");
      mkdirSync(rootfs);
      cpSync(isAbsolute(unikernel) ? unikernel : selfTest(unikernel), join(rootfs, "unikernel.spt"));
      for (const [path, data] of Object.entries(files)) {
        mkdirSync(dirname(join(rootfs, path)), { recursive: true });
        writeFileSync(join(rootfs, path), data);
      }
      writeFileSync(join(bundle, "config.json"), JSON.stringify(merge(plain as unknown as Json, config)));
      return bundle;
    },
    async create(id, bundle, ...options) {
      // Its descriptors are the container's, who keeps them.
      const path = join(folder, `output-${count++}`);
      const output = openSync(path, "w");
      const errors = openSync(`${path}-errors`, "w");
      try {
        const args = ["--root", root, "create", "--bundle", bundle, ...options, id];
        const { status } = await solo5("solo5-oci", args, { stdio: ["ignore", output, errors] });
        return { status, stdout: readFileSync(path, "utf8"), stderr: readFileSync(`${path}-errors`, "utf8") };
      } finally {
        closeSync(output);
        closeSync(errors);
      }
    },
    async state(id) {
      const { stdout, stderr } = await oci("state", id);
      if (stdout === "") throw new Error(stderr);
      return JSON.parse(stdout) as never;
    },
    [Symbol.dispose]() {
      // A test that failed has left some.
      const ids = existsSync(root) ? readdirSync(root).filter((name) => !name.startsWith("~")) : [];
      for (const id of ids) spawnSync(commandFile("solo5-oci"), ["--root", root, "delete", "--force", id]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/** What the kernel says of a process, byte by byte. */
export const proc = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, "latin1");
