// The portable engine beside its arithmetic: how soon a unikernel speaks, what a console write, a ping and a sleeping
// guest cost.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attach, createPeer, createSegment, open, run, type Console } from "../src/index.js";
import { commandFile, selfTest } from "../test/command.js";
import { compileUnikernel, folder } from "./one-off.js";
import { inTurn, median, ratio, timed, type Row, type Suite } from "./report.js";

const cacheFolder = join(folder, "cache");
const ignore: Console = { write() {} };

/** Milliseconds from `run()` to the first byte on the console. */
async function firstByte(file: string, cache: string): Promise<number> {
  const plan = attach(open(file), { memMiB: 16 });
  let msecs = Number.NaN;
  const start = performance.now();
  const running = run(plan, {
    engine: "wasm",
    cache,
    console: { write: () => (msecs = Number.isNaN(msecs) ? performance.now() - start : msecs) },
  });
  await running.exited;
  return msecs;
}

/** Without a cache and with one, in turn. */
async function helloRows(): Promise<Row[]> {
  const hello = selfTest("test_hello.hvt");
  const times: Readonly<Record<"cold" | "cached", number[]>> = { cold: [], cached: [] };
  for (let i = 0; i < 30; i++) {
    times.cold.push(await firstByte(hello, "none"));
    times.cached.push(await firstByte(hello, cacheFolder));
  }
  const [cold, cached] = [median(times.cold.slice(10)), median(times.cached.slice(10))];
  return [
    {
      what: "hello: `run()` to first console byte, warm Node, cold cache",
      measured: `${cold.toFixed(1)} ms (the first time ${times.cold[0]?.toFixed(1)} ms)`,
      target: "must 30 ms, aim 10",
      met: cold <= 30,
    },
    {
      what: "the same, cached",
      measured: `${cached.toFixed(1)} ms (least ${Math.min(...times.cached).toFixed(1)} ms)`,
      target: "must 10 ms, aim 3",
      met: cached <= 10,
    },
  ];
}

/** A unikernel of 5 MB, 500 functions of which run before it speaks: what an OCaml program does at its start. */
async function largeRows(): Promise<Row[]> {
  const functions = 1000;
  const bodies = Array.from(
    { length: functions },
    (_, i) => `static unsigned f${i}(unsigned x) {
  for (unsigned i = 0; i < (x & 3); i++) { sum += x ^ ${i}u; x = x * ${2 * i + 1}u + (sum >> 7); if (x & 64) sum ^= table[x & 15]; else table[x & 15] += sum; }
  return x + sum * ${i + 3}u + (sum << 5) - (x >> 3) + table[sum & 15] * (x | ${i}u); }`,
  );
  const source = `#include "solo5.h"
__asm__(".text\\n.fill 0x4c0000, 1, 0x90\\n");
static volatile unsigned table[16]; static unsigned sum;
${bodies.join("\n")}
static unsigned (*const volatile all[])(unsigned) = { ${bodies.map((_, i) => `f${i}`).join(", ")} };
int solo5_app_main(const struct solo5_start_info *info) {
  unsigned x = (unsigned)info->heap_size;
  for (unsigned i = 0; i < ${functions}; i += 2) x = all[i](x);
  solo5_console_write("app_main\\n", 9);
  return (int)(x & 0); }
`;
  const file = compileUnikernel("five-megabytes", "hvt", source);
  const megabytes = open(file).segments.reduce((sum, { data }) => sum + data.length, 0) / 2 ** 20;
  const toMain = async (cache: string): Promise<number> => {
    const start = performance.now();
    let msecs = Number.NaN;
    const console = {
      write: (data: Uint8Array) => {
        if (new TextDecoder().decode(data).includes("app_main")) msecs = performance.now() - start;
      },
    };
    await run(attach(open(file), { memMiB: 16 }), { engine: "wasm", cache, console }).exited;
    return msecs;
  };
  const times: Readonly<Record<"cold" | "cached", number[]>> = { cold: [], cached: [] };
  await toMain(cacheFolder);
  for (let i = 0; i < 7; i++) {
    times.cold.push(await toMain("none"));
    times.cached.push(await toMain(cacheFolder));
  }
  const [cold, cached] = [median(times.cold), median(times.cached)];
  return [
    {
      what: "a 5 MB unikernel, load to its app_main's output after 500 functions, cold cache",
      measured: `${cold.toFixed(0)} ms (${megabytes.toFixed(1)} MB)`,
      target: "must 300 ms, aim 100",
      met: cold <= 300,
    },
    {
      what: "the same, cached",
      measured: `${cached.toFixed(0)} ms`,
      target: "must 60 ms, aim 20",
      met: cached <= 60,
    },
  ];
}

async function consoleRow(): Promise<Row> {
  const writes = 2_000_000;
  const source = `#include "solo5.h"
int solo5_app_main(const struct solo5_start_info *info) {
  (void)info; for (int i = 0; i < ${writes}; i++) solo5_console_write("x", 1); return 0; }
`;
  const plan = attach(open(compileUnikernel("writes", "hvt", source)), { memMiB: 64 });
  const rates: number[] = [];
  for (let i = 0; i < 3; i++) {
    const msecs = await timed(() => run(plan, { engine: "wasm", console: ignore }).exited);
    rates.push(writes / msecs / 1000);
  }
  const value = median(rates);
  return {
    what: "one-byte console writes to a sink",
    measured: `${value.toFixed(2)} million/s`,
    target: "must 1 million/s, aim 3",
    met: value >= 1,
  };
}

/** Seconds for `count` pings to test_net on a segment. */
async function pings(engine: "native" | "wasm", count: number): Promise<() => Promise<void>> {
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const plan = attach(open(selfTest("test_net.spt")), { memMiB: 64, net: { service0: { source } } });
  const running = run(plan, { engine, console: ignore });
  stops.push(() => running.stop());
  return async () => {
    for (let i = 0; i < count; i++) {
      if ((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) === undefined)
        throw new Error(`ping ${i} lost`);
    }
  };
}
const stops: (() => void)[] = [];

async function pingRow(): Promise<Row> {
  const [wasm, native] = [await pings("wasm", 2000), await pings("native", 2000)];
  await wasm();
  await native();
  const value = 1 / ratio(await inTurn(7, wasm, native));
  for (const stop of stops) stop();
  return {
    what: "pings over the segment, rate against the same unikernel sealed",
    measured: value.toFixed(2),
    target: "must 0.3, aim 0.8",
    met: value >= 0.3,
  };
}

async function memoryRow(): Promise<Row> {
  const args = [commandFile("solo5-hvt"), "--engine=wasm", selfTest("test_time.hvt")];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  await sleep(1000);
  const megabytes =
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "latin1"))?.[1]) / 1024;
  child.kill("SIGKILL");
  return {
    what: "resident memory of Node with a sleeping unikernel",
    measured: `${megabytes.toFixed(0)} MB`,
    target: "must 90 MB, aim 60",
    met: megabytes <= 90,
  };
}

export const portable: Suite = {
  name: "portable",
  skip: false,
  async run() {
    return [
      ...(await helloRows()),
      ...(await largeRows()),
      await consoleRow(),
      await pingRow(),
      await memoryRow(),
    ];
  },
};
