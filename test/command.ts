// Runs the project's commands and unikernels as a user would: as processes, from outside.
import { spawn, type SpawnOptions } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { projectRoot } from "./project.js";

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit status, or 128 and the signal's number as shells say it. */
  readonly status: number;
}

const signals: Readonly<Record<string, number>> = constants.signals;

/** Runs `file` to its end, at most `timeoutMsecs`. */
export function execute(
  file: string,
  args: readonly string[] = [],
  { timeoutMsecs = 60_000, ...options }: SpawnOptions & { timeoutMsecs?: number } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMsecs, killSignal: "SIGKILL", ...options }); // prettier-ignore
    const output = { stdout: "", stderr: "" };
    child.stdout?.on("data", (data: Uint8Array) => (output.stdout += new TextDecoder().decode(data)));
    child.stderr?.on("data", (data: Uint8Array) => (output.stderr += new TextDecoder().decode(data)));
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ ...output, status: code ?? 128 + (signals[signal ?? ""] ?? 0) }),
    );
  });
}

const { bin } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
  bin: Record<string, string>;
};

/** The file that an installed package runs as the command `name`. */
export const commandFile = (name: string): string => join(projectRoot, bin[name] ?? name);

/** Runs one of the package's commands. */
export const solo5 = (
  name: string,
  args: readonly string[],
  options?: Parameters<typeof execute>[2],
): Promise<Outcome> =>
  commandFile(name).endsWith(".sh")
    ? execute(commandFile(name), args, options)
    : execute(process.execPath, [commandFile(name), ...args], options);

export const selfTest = (name: string): string => join(projectRoot, "dist/guest/tests", name);
