// Where the real programs are built: outside the repository, in the folder that SOLO5_REAL names.
import { homedir } from "node:os";
import { join } from "node:path";

export const cacheFolder =
  process.env["SOLO5_REAL"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "solo5-real");

export const unikernelTargets = ["spt", "hvt", "virtio"] as const;
export type UnikernelTarget = (typeof unikernelTargets)[number];

/** A program's file, for a target, or for this machine's Linux: the witness. */
export const programFile = (name: string, target: UnikernelTarget | "linux"): string =>
  join(cacheFolder, `${name}.${target}`);
