// Unikernels made for one row of a table: a few lines of C through the project's own wrappers.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifestSource } from "../src/image/manifest-source.js";
import { commandFile } from "../test/command.js";

export const folder = mkdtempSync(join(tmpdir(), "solo5-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Compiles C for `target`, with no devices or these; gives the unikernel's file. */
export function compileUnikernel(
  name: string,
  target: "hvt" | "spt" | "virtio",
  source: string,
  devices: Parameters<typeof manifestSource>[0] = [],
): string {
  const file = (suffix: string): string => join(folder, `${name}-${target}${suffix}`);
  writeFileSync(file(".c"), source);
  writeFileSync(file("-manifest.c"), manifestSource(devices));
  // The wrappers are one program, which goes by the name it is called by.
  const wrapper = join(mkdtempSync(join(folder, "bin-")), "x86_64-solo5-none-static-cc");
  symlinkSync(commandFile("x86_64-solo5-none-static-cc"), wrapper);
  const args = ["-O2", "-z", `solo5-abi=${target}`, file(".c"), file("-manifest.c"), "-o", file("")];
  execFileSync(process.execPath, [wrapper, ...args]);
  return file("");
}
