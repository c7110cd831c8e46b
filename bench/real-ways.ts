// The ways to run a real program: natively as a sealed process, on the wasm engine, and under QEMU's TCG.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attach, open, seal } from "../src/index.js";
import { commandFile } from "../test/command.js";
import { programFile, type UnikernelTarget } from "../test/real/cache.js";
import { folder } from "./one-off.js";

const memMiB = 512;
const quiet = "--solo5:quiet";
const codeCache = join(folder, "code");

/** The command that runs `words` of `program` natively: an executable that has them in it. */
export function nativeCommand(program: string, words: readonly string[]): readonly string[] {
  const file = join(folder, [program, ...words].join("-"));
  const unikernel = open(programFile(program, "spt"));
  writeFileSync(file, seal(attach(unikernel, { memMiB, args: [quiet, ...words] })), { mode: 0o755 });
  return [file];
}

export function engineCommand(
  program: string,
  target: UnikernelTarget,
  words: readonly string[],
  cache: "none" | "kept" = "none",
): readonly string[] {
  const options = ["--engine=wasm", `--cache=${cache === "none" ? "none" : codeCache}`, `--mem=${memMiB}`];
  const file = programFile(program, target);
  return [process.execPath, commandFile("solo5"), "run", ...options, file, quiet, ...words];
}

/** The unikernel's exit resets the machine, which ends QEMU. */
export function tcgCommand(program: string, words: readonly string[]): readonly string[] {
  const machine = [
    "-accel",
    "tcg",
    "-cpu",
    "Westmere",
    "-m",
    String(memMiB),
    "-nodefaults",
    "-no-user-config",
  ];
  const ends = ["-display", "none", "-serial", "stdio", "-no-reboot", "-device", "isa-debug-exit"];
  const kernel = ["-kernel", programFile(program, "virtio"), "-append", [quiet, ...words].join(" ")];
  return ["qemu-system-x86_64", ...machine, ...ends, ...kernel];
}

export function emptyCodeCache(): void {
  rmSync(codeCache, { recursive: true, force: true });
  mkdirSync(codeCache, { recursive: true });
}
