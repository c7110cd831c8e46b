// The sealed process: how fast it starts, how little it takes, how fast its network is.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attach, createPeer, createSegment, open, run, seal } from "../src/index.js";
import { commandFile, selfTest } from "../test/command.js";
import { createNamespace } from "../test/namespace.js";
import { needs, needsAll } from "../test/needs.js";
import { compileUnikernel, folder } from "./one-off.js";
import { inTurn, median, ratio, timed, type Row, type Suite } from "./report.js";

function sealed(name: string, memMiB = 512): string {
  const file = join(folder, name);
  writeFileSync(file, seal(attach(open(selfTest(`test_${name}.spt`)), { memMiB })), { mode: 0o755 });
  return file;
}

/** From exec to exit, many at a time in a shell, whose fork is part of both sides. */
async function startRow(): Promise<Row> {
  const loop = (file: string): void =>
    void execFileSync("sh", ["-c", `i=0; while [ $i -lt 200 ]; do ${file}; i=$((i+1)); done >/dev/null`]);
  const hello = sealed("hello");
  const times = await inTurn(
    25,
    () => loop(hello),
    () => loop("/bin/true"),
  );
  const value = ratio(times);
  const [a, b] = [median(times.a) / 200, median(times.b) / 200];
  const measured = `${value.toFixed(2)} (${a.toFixed(2)} ms to ${b.toFixed(2)} ms)`;
  return {
    what: "sealed hello, exec to exit, against /bin/true",
    measured,
    target: "at most 0.8",
    met: value <= 0.8,
  };
}

async function tenderRow(): Promise<Row> {
  const node = (...args: string[]): void => void execFileSync(process.execPath, args);
  const hello = selfTest("test_hello.spt");
  const times = await inTurn(
    25,
    () => node(commandFile("solo5-spt"), hello),
    () => node("-e", "0"),
  );
  const over = median(times.a) - median(times.b);
  const measured = `${over.toFixed(1)} ms (${median(times.a).toFixed(1)} to ${median(times.b).toFixed(1)})`;
  return { what: "`solo5-spt hello` above `node -e 0`", measured, target: "at most 25 ms", met: over <= 25 };
}

async function sealRow(): Promise<Row> {
  const source = `#include "solo5.h"
const char blob[1 << 20] = { 1 };
int solo5_app_main(const struct solo5_start_info *info) { return blob[info->heap_size & 0xfffff] & 0; }
`;
  const unikernel = open(compileUnikernel("large", "spt", source));
  const times: number[] = [];
  for (let i = 0; i < 50; i++) times.push(await timed(() => seal(attach(unikernel))));
  const value = median(times.slice(10));
  return {
    what: "sealing a 1 MB unikernel, warm",
    measured: `${value.toFixed(2)} ms`,
    target: "at most 5 ms",
    met: value <= 5,
  };
}

async function sleepRows(): Promise<readonly Row[]> {
  const child = spawn(sealed("time"), { stdio: "ignore" });
  try {
    await sleep(2500);
    const rollup = readFileSync(`/proc/${child.pid}/smaps_rollup`, "latin1");
    const pss = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]);
    const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1")
      .replace(/^.*\) /, "")
      .split(" ");
    const ticks = Number(stat[11]) + Number(stat[12]);
    return [
      {
        what: "PSS of a sleeping sealed unikernel, `--mem=512`",
        measured: `${pss} KB`,
        target: "at most 64 KB",
        met: pss <= 64,
      },
      {
        what: "its CPU time in 2.5 s of sleep",
        measured: `${ticks} ticks of 10 ms`,
        target: "none",
        met: ticks === 0,
      },
    ];
  } finally {
    child.kill("SIGKILL");
  }
}

const pings = 100_000;

/** Flood pings to test_net over a tap, in turn with the same to the kernel's own responder across a veth pair. */
async function floodRow(): Promise<Row> {
  using ours = createNamespace();
  using kernels = createNamespace();
  ours.tap("tap0", "10.0.0.1/24");
  ours.ip("link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", kernels.name);
  ours.ip("address", "add", "10.2.0.1/24", "dev", "veth0");
  ours.ip("link", "set", "veth0", "up");
  kernels.ip("address", "add", "10.2.0.2/24", "dev", "veth1");
  kernels.ip("link", "set", "veth1", "up");
  const child = ours.spawn(process.execPath, [
    commandFile("solo5-spt"),
    "--net:service0=tap0",
    selfTest("test_net.spt"),
  ]);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  let lost = 0;
  const flood = async (address: string): Promise<void> => {
    const { stdout } = await ours.execute("ping", ["-fq", "-c", `${pings}`, address]);
    lost += pings - Number(/(\d+) received/.exec(stdout)?.[1]);
  };
  try {
    const value = ratio(
      await inTurn(
        5,
        () => flood("10.0.0.2"),
        () => flood("10.2.0.2"),
      ),
    );
    const measured = `${value.toFixed(2)}, ${lost} lost`;
    const target = "at most 1.5, none lost";
    return {
      what: "100,000 flood pings over a tap, against the kernel's responder over veth",
      measured,
      target,
      met: value <= 1.5 && lost === 0,
    };
  } finally {
    child.kill("SIGKILL");
  }
}

async function segmentRow(): Promise<Row> {
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const running = run(attach(open(selfTest("test_net.spt")), { net: { service0: { source } } }), {
    console: { write() {} },
  });
  await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 });
  let lost = 0;
  const msecs = await timed(async () => {
    for (let i = 0; i < 10_000; i++) if ((await peer.ping("10.0.0.2")) === undefined) lost++;
  });
  running.stop();
  await running.exited;
  return {
    what: "10,000 pings over the segment inside the process",
    measured: `${(msecs / 1000).toFixed(2)} s, ${lost} lost`,
  };
}

export const native: Suite = {
  name: "native",
  skip: needsAll(needs.x8664Linux(), needs.root(), needs.program("ip", "ping")),
  async run() {
    return [
      await startRow(),
      await tenderRow(),
      await sealRow(),
      ...(await sleepRows()),
      await floodRow(),
      await segmentRow(),
    ];
  },
};
