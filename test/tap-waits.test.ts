// Unikernels on the engine that wait for frames of a tap: none is lost, an idle one takes no time, and the process goes on with
// its other work under a flood. Witnesses: ping(8), the kernel's count of CPU time, its signals.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandFile, selfTest } from "./command.js";
import { createNamespace, type Namespace } from "./namespace.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";
import { comesToRest, until } from "./until.js";

const skip = needsAll(needs.x8664Linux(), needs.root(), needs.program("ip", "ping"));

interface Running {
  readonly child: ChildProcess;
  /** What it has said so far. */
  text(): string;
}

function start(namespace: Namespace, file: string, ...args: readonly string[]): Running {
  const child = namespace.spawn(process.execPath, [file, ...args]);
  let text = "";
  child.stdout?.on("data", (data: Uint8Array) => (text += new TextDecoder().decode(data)));
  return { child, text: () => text };
}

async function served(
  namespace: Namespace,
  ...[file, ...args]: readonly [string, ...string[]]
): Promise<Running> {
  const running = start(namespace, file, ...args);
  await until("it serves", () => {
    assert.equal(running.child.exitCode, null, running.text());
    return running.text().includes("Serving");
  });
  return running;
}

async function ends({ child }: Running, signal: NodeJS.Signals): Promise<void> {
  const closed = once(child, "close");
  child.kill(signal);
  await closed;
}

/** Milliseconds of CPU of all its threads: proc_pid_stat(5). */
function cpuMsecs({ child }: Running): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const command = [commandFile("solo5"), "run", "--engine=wasm", "--net:service0=tap0"] as const;
const flood = (tap: string): readonly string[] => ["-f", "-I", tap, "10.0.0.2"];

/** All come back but those that are on their way when enough have: ping goes on sending where one takes more than 10 ms. */
const pinged = async (namespace: Namespace, tap: string, count: number): Promise<void> => {
  const outcome = await namespace.execute("ping", ["-qc", `${count}`, "-w", "60", ...flood(tap)]);
  const { stdout } = outcome;
  const [sent = 0, received = 0] = (/(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [])
    .slice(1)
    .map(Number);
  const atOnce = Number(/pipe (\d+)/.exec(stdout)?.[1] ?? 1);
  assert.ok(received >= count && sent - received < atOnce, JSON.stringify(outcome));
};

for (const target of ["hvt", "spt", "virtio"] as const) {
  test(`${target}: no frame lost, no time taken when idle`, { skip }, async () => {
    using namespace = createNamespace();
    namespace.tap("tap0", "10.0.0.1/24");
    const running = await served(namespace, ...command, selfTest(`test_net.${target}`));
    try {
      await pinged(namespace, "tap0", 5000);
      await comesToRest(() => cpuMsecs(running));
      await pinged(namespace, "tap0", 100);
    } finally {
      await ends(running, "SIGTERM");
    }
  });
}

test(
  "two guests in a process, each on its tap, and the process's own timers, under two floods",
  { skip },
  async () => {
    using namespace = createNamespace();
    namespace.tap("tap0", "10.0.0.1/24");
    namespace.tap("tap1", "10.0.0.3/24");
    const running = start(namespace, join(projectRoot, "dist/test/tap-waits-child.js"), "tap0", "tap1");
    const floods: ChildProcess[] = [];
    try {
      await until("both serve", () => running.text().split("Serving").length > 2);
      await comesToRest(() => cpuMsecs(running));
      for (const tap of ["tap0", "tap1"]) {
        await pinged(namespace, tap, 500);
        floods.push(namespace.spawn("ping", flood(tap)));
      }
      const ticks = (): number => running.text().split("tick").length;
      const before = ticks();
      await until("timers go on", () => ticks() > before + 20);
      await ends(running, "SIGTERM");
      assert.equal(running.child.signalCode, "SIGTERM");
    } finally {
      for (const flood of floods) flood.kill("SIGKILL");
      running.child.kill("SIGKILL");
    }
  },
);

test("a signal ends a guest under a flood", { skip }, async () => {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const running = await served(namespace, ...command, selfTest("test_net.hvt"));
  const ping = namespace.spawn("ping", flood("tap0"));
  try {
    await once(ping.stdout ?? ping, "data");
    await ends(running, "SIGTERM");
    assert.equal(running.child.exitCode, 1);
  } finally {
    ping.kill("SIGKILL");
  }
});
