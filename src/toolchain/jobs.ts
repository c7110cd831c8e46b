// Runs the commands of a build: only those whose inputs, arguments or tools have changed, two at a time.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { programFailure } from "../host/any/program.js";
import { Solo5Error } from "../bytes/error.js";
import { packageRoot } from "./layout.js";

export interface Job {
  readonly output: string;
  /** Files it reads; a change in any runs it again. */
  readonly inputs: readonly string[];
  /** A command that writes `output`, its contents, or what writes it, where `steps` says which steps those are. */
  readonly make:
    | readonly string[]
    | { readonly text: string }
    | { readonly steps: string; run(): Promise<void> };
}

const parallel = 2;

/** Digests of what made each output, from one build to the next. */
export interface Stamps {
  readonly [output: string]: string;
}

export function readStamps(file: string): Stamps {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Stamps) : {};
}

export function writeStamps(file: string, stamps: Stamps): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(stamps, null, 1)}\n`);
}

/**
 * Runs what is not up to date, tells how many of how many are done, and gives the new stamps with the number of jobs run. Jobs of one call must not need
 * each other's outputs. Throws Solo5Error `BUILD` with the command's own message.
 */
export async function runJobs(
  jobs: readonly Job[],
  before: Stamps,
  told: (done: number, total: number) => void = () => {},
): Promise<{ readonly stamps: Stamps; readonly ran: number }> {
  const stamps: Record<string, string> = { ...before };
  const queue = jobs
    .map((job) => ({ job, digest: digest(job) }))
    .filter(({ job, digest }) => before[job.output] !== digest || !existsSync(job.output));
  const ran = queue.length;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      mkdirSync(dirname(next.job.output), { recursive: true });
      await make(next.job);
      stamps[next.job.output] = next.digest;
      told(++done, ran);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return { stamps, ran };
}

function digest({ make, inputs }: Job): string {
  const hash = createHash("sha256").update(JSON.stringify(make));
  for (const input of inputs) hash.update(`\0${input}\0`).update(readFileSync(input));
  return hash.digest("hex");
}

async function make({ output, make }: Job): Promise<void> {
  if ("text" in make) return writeFileSync(output, make.text);
  if ("run" in make) return make.run();
  const [command = "", ...args] = make;
  // Debug information names the folder the compiler runs in.
  const child = spawn(command, args, { cwd: packageRoot, stdio: ["ignore", "inherit", "pipe"] });
  let message = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    message += text;
  });
  const status = await new Promise<number | string | null>((resolve, reject) => {
    child.on("error", (cause) =>
      reject(
        new Solo5Error("NO_TOOL", `cannot run ${command}: ${programFailure(command, cause)}`, { cause }),
      ),
    );
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) {
    throw new Solo5Error("BUILD", `${output}: ${command} ended with ${status}\n${message.trimEnd()}`);
  }
  if (message !== "") process.stderr.write(message);
}
