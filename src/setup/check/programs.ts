// Programs of the host by their names, and what they say of their version.
import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CheckRow } from "./row.js";

/** Where root's programs are is in no user's PATH. */
const more = process.platform === "win32" ? [] : ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const suffix = process.platform === "win32" ? ".exe" : "";

/** The file of the first of `names` that is in a folder of PATH. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...more].filter((one) => one !== "");
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name + suffix)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
}

/** The first line that a program prints when it is called so. */
export function versionOf(file: string, ...args: readonly string[]): string {
  const { stdout } = spawnSync(file, args, { encoding: "utf8", timeout: 10_000 });
  return stdout?.split("\n")[0]?.trim() ?? "";
}

/** A row about a program that may be there under one of several names. */
export function programRow(
  name: string,
  programs: readonly string[],
  wayOut: string,
  version?: readonly string[],
): CheckRow {
  const file = findProgram(...programs);
  if (file === undefined) return { name, state: "no", says: `no ${programs.join(", ")} in PATH`, wayOut };
  const says = version === undefined ? "" : versionOf(file, ...version);
  return { name, state: "yes", says: says === "" ? file : `${file}: ${says}` };
}
