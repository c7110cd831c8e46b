// QEMU's user mode as an oracle: builds native.c once with the project's compiler and runs batches of single instructions, on the
// CPU itself where this machine is one.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findCompiler } from "../../src/toolchain/compiler.js";
import { needs } from "../needs.js";
import { projectRoot } from "../project.js";
import { readStates, type State, writeStates } from "./state.js";

const source = join(projectRoot, "test", "aarch64", "native.c");
const program = join(projectRoot, "dist", "test", "aarch64", "native");

const isNative = process.platform === "linux" && process.arch === "arm64";

/** What runs programs of aarch64 for Linux: nothing before them where that is this machine. */
export const runner: readonly string[] = isNative ? [] : ["qemu-aarch64", "-cpu", "cortex-a72"];

/** Why there is nothing to compare with here, or false. */
export const needsRunner = (): string | false => (isNative ? false : needs.program("qemu-aarch64"));

let built = false;

function build(): void {
  if (built) return;
  built = true;
  const isNewer = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (isNewer(program) > isNewer(source)) return;
  mkdirSync(join(program, ".."), { recursive: true });
  const flags = ["-c", "-O1", "-ffreestanding", "-fno-stack-protector", "-fno-sanitize=undefined"];
  const { cc, ld } = findCompiler("aarch64");
  const run = ([command = "", ...given]: readonly string[], ...more: readonly string[]) =>
    execFileSync(command, [...given, ...more]);
  run(cc, ...flags, "-o", `${program}.o`, source);
  // The image lies out of the way of the addresses that the cases use.
  run(ld, "-static", "--image-base=0x40000000", "-o", program, `${program}.o`);
}

/** Executes each case's instruction and what follows it until a signal. */
export function runNative(states: readonly State[]): State[] {
  build();
  const [command, ...before] = [...runner, program];
  const result = spawnSync(command, before, {
    input: writeStates(states),
    maxBuffer: 1 << 28,
    timeout: 120_000,
  });
  if (result.status !== 0)
    throw new Error(`native process: ${result.status ?? result.signal} ${result.stderr.toString()}`);
  const after = readStates(result.stdout);
  if (after.length !== states.length) throw new Error(`native process: ${after.length} of ${states.length}`);
  return after;
}
