// The real CPU as an oracle: builds native.c once with the project's compiler and runs batches of single instructions.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findCompiler } from "../../src/toolchain/compiler.js";
import { projectRoot } from "../project.js";
import { readStates, type State, writeStates } from "./state.js";

const source = join(projectRoot, "test", "x86-64", "native.c");
const program = join(projectRoot, "dist", "test", "x86-64", "native");

/** Why there is no real CPU to compare with here, or undefined. */
export function whyNotNative(): string | undefined {
  if (process.platform !== "linux") return "the native process needs Linux";
  return process.arch === "x64" ? undefined : "needs an x86-64 CPU";
}

let built = false;

function build(): void {
  if (built) return;
  built = true;
  const isNewer = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (isNewer(program) > isNewer(source)) return;
  mkdirSync(join(program, ".."), { recursive: true });
  const flags = ["-c", "-O1", "-ffreestanding", "-nostdlib", "-fno-stack-protector", "-mno-sse"];
  const { cc, ld } = findCompiler("x86-64");
  const run = ([command = "", ...given]: readonly string[], ...more: readonly string[]) =>
    execFileSync(command, [...given, ...more]);
  run(cc, ...flags, "-o", `${program}.o`, source);
  // The image lies out of the way of the addresses that the cases use.
  run(ld, "-static", "--image-base=0x40000000", "-o", program, `${program}.o`);
}

/** Executes each case's one instruction and what follows it until an exception. */
export function runNative(states: readonly State[]): State[] {
  build();
  const result = spawnSync(program, { input: writeStates(states), maxBuffer: 1 << 28, timeout: 60_000 });
  if (result.status !== 0) throw new Error(`native process: ${result.status ?? result.signal}`);
  const after = readStates(result.stdout);
  if (after.length !== states.length) throw new Error(`native process: ${after.length} of ${states.length}`);
  return after;
}
