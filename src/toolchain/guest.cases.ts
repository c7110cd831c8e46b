// What the toolchain's tests share: a folder that goes away, and commands that must succeed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A new folder, with a space in its path, that goes away with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "solo5 test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

export interface ProcessResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

export function runCommand(
  command: readonly string[],
  { cwd, env, input }: ProcessOptions = {},
): ProcessResult {
  const [program = "", ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 240_000,
    maxBuffer: 1 << 26,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
    env: { ...process.env, SOLO5_CC: "", ...env },
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** What a command prints; fails the test, with its messages, unless it ends with 0. */
export function output(command: readonly string[], options?: ProcessOptions): string {
  const { status, stdout, stderr } = runCommand(command, options);
  if (status !== 0) throw new Error(`${command.join(" ")}: status ${status}\n${stderr}`);
  return stdout;
}
