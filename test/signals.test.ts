// Signals as a shell and nohup(1) know them: what is ignored at the start stays ignored, and who dies of a signal is seen
// to have died of it. The kernel tells the parent.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { installPrefix } from "../src/toolchain/install.js";
import { commandFile, selfTest } from "./command.js";
import { needs, needsAll } from "./needs.js";

const prefix = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(prefix, { recursive: true }));
const skip = needs.x8664Linux();

const commands = [
  ["solo5-spt", "spt", []],
  ["solo5-spt", "spt", ["--engine=wasm"]],
  ["solo5-hvt", "hvt", ["--engine=wasm"]],
  ["solo5", "spt", ["run"]],
] as const;

/** Runs a sleeping unikernel behind `shell` and gives it `signals` when it has begun. */
function endOf(
  shell: readonly string[],
  command: readonly string[],
  signals: readonly NodeJS.Signals[],
): Promise<{ signal: NodeJS.Signals | null; status: number | null; stderr: string }> {
  const [file = "", ...args] = [...shell, ...command];
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let stderr = "";
  let isTold = false;
  child.stdout.on("data", (data: Uint8Array) => {
    if (isTold || !new TextDecoder().decode(data).includes("test_time")) return;
    isTold = true;
    for (const signal of signals) child.kill(signal);
  });
  child.stderr.on("data", (data: Uint8Array) => (stderr += new TextDecoder().decode(data)));
  return new Promise((resolve) => child.on("close", (status, signal) => resolve({ signal, status, stderr })));
}

for (const [name, target, options] of commands) {
  const title = [name, ...options].join(" ");
  const args = [...options, "--mem=16", selfTest(`test_time.${target}`)];
  const command = [process.execPath, commandFile(name), ...args];

  test(`${title} dies of signals as any process does`, { skip }, async () => {
    for (const signal of ["SIGHUP", "SIGUSR1"] as const)
      assert.equal((await endOf([], command, [signal])).signal, signal);
    const { signal, status, stderr } = await endOf([], command, ["SIGTERM"]);
    if (target === "spt") assert.equal(signal, "SIGTERM");
    else assert.deepEqual([status, stderr], [1, "solo5-hvt: Exiting on signal 15\n"]);
  });

  test(
    `${title} leaves SIGHUP ignored`,
    { skip: needsAll(skip, needs.program("bash", "nohup")) },
    async () => {
      installPrefix(prefix);
      const launched = [join(prefix, "bin", name), ...args];
      const ignoring = ["sh", "-c", 'trap "" HUP; exec "$0" "$@"'];
      assert.equal((await endOf(ignoring, launched, ["SIGHUP", "SIGUSR1"])).signal, "SIGUSR1");
      // Without the launcher, nohup has left its name.
      const nohup = ["bash", "-c", 'nohup "$0" "$@"'];
      assert.equal((await endOf(nohup, command, ["SIGHUP", "SIGUSR1"])).signal, "SIGUSR1");
    },
  );
}
