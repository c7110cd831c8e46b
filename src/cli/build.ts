// solo5 build: makes a unikernel of a program in TypeScript or JavaScript: a sealed executable, or a file for a target.
import { basename } from "node:path";
import { ehdr, type Isa } from "../abi/elf.js";
import { viewOf } from "../bytes/struct.js";
import { readUnikernel } from "../image/unikernel.js";
import { sealingDevices } from "../host/this-host.js";
import { seal } from "../sealed/seal.js";
import { writeFile } from "../host/any/files.js";
import { attach } from "../tender/attach.js";
import type { buildOptions } from "../tender/options.js";
import { valueOf, type Given } from "../tender/parse-options.js";
import { attachOptions } from "../tender/request.js";
import { buildProgram, type BuiltProgram } from "../typescript/build.js";
import { runnerTargets } from "../typescript/runners.js";
import { UsageError } from "./command.js";
import { onlyOperand, type Invocation } from "./own-command.js";
import { say, warn } from "./say.js";

type BuildOption = keyof typeof buildOptions;
const isOfTender = (
  one: Given<BuildOption>,
): one is Given<Exclude<BuildOption, "target" | "isa" | "files" | "env">> =>
  !["target", "isa", "files", "env"].includes(one.option);

/** Whatever follows `--` are the program's arguments. */
export async function buildCommand({ given, operands }: Invocation<BuildOption>): Promise<number> {
  const separator = operands.includes("--") ? operands.indexOf("--") : operands.length;
  const file = onlyOperand(operands.slice(0, separator), "FILE");
  const output = valueOf(given, "output");
  if (output === undefined) throw new UsageError("-o OUT is missing");
  const wanted = valueOf(given, "target");
  const target = runnerTargets.find((name) => name === wanted);
  if (target !== wanted)
    throw new UsageError(`--target=${wanted}: programs in TypeScript run on ${runnerTargets.join(", ")}`);
  const built = await buildProgram(file, {
    target: target ?? "spt",
    isa: isaOf(valueOf(given, "isa")),
    files: valueOf(given, "files"),
    env: environment(given),
  });
  if (given.some(({ option }) => option === "verbose")) tellProgress(built);
  if (target !== undefined) {
    writeFile(output, built.unikernel);
    return 0;
  }
  return sealProgram(built, output, given.filter(isOfTender), operands.slice(separator + 1));
}

function isaOf(value: string | undefined): Isa {
  if (value === undefined) return process.arch === "arm64" ? "aarch64" : "x86-64";
  if (value !== "x86-64" && value !== "aarch64") throw new UsageError(`--isa=${value}: x86-64 or aarch64`);
  return value;
}

export function environment(given: readonly Given<string>[]): Readonly<Record<string, string>> {
  const pairs = given
    .filter(({ option }) => option === "env")
    .map(({ value }) => {
      const [, name, text = ""] = /^([A-Za-z_]\w*)=(.*)$/s.exec(value) ?? [];
      if (name === undefined) throw new UsageError(`--env=${value}: NAME=VALUE`);
      return [name, text] as const;
    });
  return Object.fromEntries(pairs);
}

function tellProgress({ evaluated, stoppedFor }: BuiltProgram): void {
  const next = stoppedFor === undefined ? "all of them" : `the next one needs ${stoppedFor}`;
  say("solo5", `${evaluated} statements ran at build time, ${next}`);
}

/** Nobody debugs the engine in an executable: it goes without symbols. */
function withoutSections(file: Uint8Array): Uint8Array {
  const copy = file.slice();
  ehdr.update(viewOf(copy), 0, { shoff: 0n, shnum: 0, shstrndx: 0 });
  return copy;
}

function sealProgram(
  { unikernel: bytes }: BuiltProgram,
  output: string,
  given: readonly Given[],
  words: readonly string[],
): number {
  const name = basename(output);
  const unikernel = readUnikernel(withoutSections(bytes), name);
  const isAttached = given.some(({ option }) => option === "net" || option === "block");
  if (unikernel.devices.length > 0 && !isAttached) {
    writeFile(output, bytes);
    const devices = unikernel.devices.map((device) =>
      device.type === "NET_BASIC" ? `--net:${device.name}=NET` : `--block:${device.name}=PATH`,
    );
    const how = `solo5-spt ${devices.join(" ")} ${output}`;
    say("solo5", `${output} is an spt unikernel whose devices are not attached yet: ${how}`);
    return 0;
  }
  // What the bindings say at their start is for who builds unikernels, not for who runs this program.
  const quiet = words.some((word) => word.startsWith("--solo5:")) ? [] : ["--solo5:quiet"];
  const plan = attach(unikernel, attachOptions(given, [...quiet, ...words]), sealingDevices);
  warn(plan, "solo5");
  writeFile(output, seal(plan, { prefix: `${name}: `, processName: name }), 0o777);
  return 0;
}
