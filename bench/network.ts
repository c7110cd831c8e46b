// A web server of the tests' own over a tap in a namespace, where the client is the kernel's TCP: natively (spt), on the wasm engine, and
// under QEMU's TCG; and pings while it warms up.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { commandFile } from "../test/command.js";
import { createNamespace, type Namespace } from "../test/namespace.js";
import { needs, needsAll } from "../test/needs.js";
import { demoFile, guestOutput } from "../src/toolchain/layout.js";
import { sourceFolder } from "../test/unikernels.js";
import { folder } from "./one-off.js";
import { median, timed, type Row, type Suite } from "./report.js";

const address = "10.0.0.2";
const load = join(folder, "load");
const warmUpSecs = 6;
const secs = 4;

const portable = (target: "spt" | "hvt"): readonly string[] => [
  commandFile("solo5"),
  "run",
  "--engine=wasm",
  "--mem=64",
  "--net:service0=tap0",
  demoFile(guestOutput, "web", target),
];
const ways = {
  native: [commandFile("solo5-spt"), "--mem=64", "--net:service0=tap0", demoFile(guestOutput, "web", "spt")],
  hvt: portable("hvt"),
  spt: portable("spt"),
  tcg: [commandFile("solo5-virtio-run"), "-q", "-H", "qemu", "-m", "64", "-n", "tap0", demoFile(guestOutput, "web", "virtio")], // prettier-ignore
} satisfies Record<string, readonly string[]>;
type Way = keyof typeof ways;

/** Serves in a namespace while `work` goes on. */
async function served<T>(way: Way, work: (namespace: Namespace) => Promise<T>): Promise<T> {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const child = namespace.spawn(process.execPath, ways[way]);
  try {
    let text = "";
    child.stdout?.on("data", (data: Uint8Array) => (text += new TextDecoder().decode(data)));
    while (!text.includes("Serving")) {
      if (child.exitCode !== null || child.stdout === null) throw new Error(`${way} did not serve: ${text}`);
      await once(child.stdout, "data");
    }
    return await work(namespace);
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "close");
  }
}

interface Loaded {
  readonly answers: number;
  readonly received: number;
  readonly sent: number;
  readonly p50: number;
  readonly p99: number;
}

async function loaded(
  namespace: Namespace,
  connections: number,
  seconds: number,
  ...asked: readonly string[]
): Promise<Loaded> {
  const { stdout, stderr } = await namespace.execute(load, [
    address,
    `${connections}`,
    `${seconds}`,
    ...asked,
  ]);
  if (stdout === "") throw new Error(`load: ${stderr}`);
  return JSON.parse(stdout) as Loaded;
}

interface Served {
  readonly many: Loaded;
  readonly one: Loaded;
  readonly down: Loaded;
  readonly up: Loaded;
}

const measure = (way: Way): Promise<Served> =>
  served(way, async (namespace) => {
    await loaded(namespace, 32, warmUpSecs, "GET", "/");
    const many = await loaded(namespace, 32, secs, "GET", "/");
    const one = await loaded(namespace, 1, secs, "GET", "/");
    await loaded(namespace, 1, secs / 2, "GET", "/bytes/1000000");
    const down = await loaded(namespace, 1, secs, "GET", "/bytes/1000000");
    await loaded(namespace, 1, secs / 2, "PUT", "/", "1000000");
    return { many, one, down, up: await loaded(namespace, 1, secs, "PUT", "/", "1000000") };
  });

function rateRow(
  what: string,
  values: Readonly<Record<Way, number>>,
  unit: string,
  must: number,
  aim: number,
  ofTcg?: number,
): Row {
  const ratios = (["hvt", "spt"] as const).map((way) => ({
    native: values[way] / values.native,
    tcg: values[way] / values.tcg,
  }));
  const [hvt = { native: 0, tcg: 0 }, spt = hvt] = ratios;
  const parts = (["native", "hvt", "spt", "tcg"] as const).map((way) => `${way} ${values[way].toFixed(0)}`);
  const shares = [hvt, spt].map(
    (each) => `${each.native.toFixed(2)} of native, ${each.tcg.toFixed(1)} times TCG`,
  );
  return {
    what,
    measured: `hvt ${shares[0]}; spt ${shares[1]} (${unit}: ${parts.join(", ")})`,
    target: `must ${must} of native${ofTcg === undefined ? "" : ` and ${ofTcg} times TCG`}, aim ${aim}`,
    met:
      Math.min(hvt.native, spt.native) >= must &&
      (ofTcg === undefined || Math.min(hvt.tcg, spt.tcg) >= ofTcg),
  };
}

async function rateRows(): Promise<readonly Row[]> {
  const results = {} as Record<Way, Served>;
  for (const way of Object.keys(ways) as Way[]) results[way] = await measure(way);
  const each = (value: (served: Served) => number): Record<Way, number> =>
    Object.fromEntries(Object.entries(results).map(([way, served]) => [way, value(served)])) as Record<
      Way,
      number
    >;
  return [
    rateRow(
      "requests on 32 connections",
      each(({ many }) => many.answers),
      "a second",
      0.35,
      0.6,
      2,
    ),
    rateRow(
      "requests on one connection",
      each(({ one }) => one.answers),
      "a second",
      0.35,
      0.6,
      2,
    ),
    rateRow(
      "bulk from the unikernel",
      each(({ down }) => down.received / 1e6),
      "MB/s",
      0.4,
      0.7,
    ),
    rateRow(
      "bulk to the unikernel",
      each(({ up }) => up.sent / 1e6),
      "MB/s",
      0.4,
      0.7,
    ),
    { what: "p99 of requests on 32 connections", measured: Object.entries(results).map(([way, { many }]) => `${way} ${many.p99} µs`).join(", ") }, // prettier-ignore
  ];
}

/** Milliseconds of each of 10,000 pings. */
async function pings(namespace: Namespace): Promise<readonly number[]> {
  const { stdout } = await namespace.execute("ping", ["-i", "0.002", "-c", "10000", address]);
  const times = [...stdout.matchAll(/time=([\d.]+) ms/g)].map(([, msecs]) => Number(msecs));
  return times.toSorted((a, b) => a - b);
}

/** What warming up costs those who wait: pings beside requests from the first moment on, less those of an idle server. */
async function warmUpRow(): Promise<Row> {
  const idle = await served("hvt", pings);
  const busy = await served("hvt", async (namespace) => {
    const [times] = await Promise.all([pings(namespace), loaded(namespace, 4, 20, "GET", "/bytes/3000")]);
    return times;
  });
  const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  const more = p99(busy) - p99(idle);
  const worst = Math.max(...busy) - Math.max(...idle);
  return {
    what: "round trip of 10,000 pings to a guest that warms up, less an idle one's: p99, worst",
    measured: `${more.toFixed(1)} ms, ${worst.toFixed(0)} ms (medians ${median(busy).toFixed(2)}, ${median(idle).toFixed(2)} ms; ${10_000 - busy.length} lost)`,
    target: "must 10 and 40 ms, aim 3 and 15",
    met: more <= 10 && worst <= 40 && busy.length === 10_000,
  };
}

async function floodRow(): Promise<Row> {
  const flood = (way: Way): Promise<number> =>
    served(way, (namespace) =>
      timed(async () => {
        const { stdout } = await namespace.execute("ping", ["-fq", "-c", "100000", address]);
        if (!stdout.includes("100000 received")) throw new Error(`pings were lost: ${stdout}`);
      }),
    );
  const [hvt, native] = [await flood("hvt"), await flood("native")];
  return {
    what: "100,000 flood pings over a tap, hvt on the engine against spt natively",
    measured: `${(hvt / native).toFixed(2)} times (${(hvt / 1000).toFixed(1)} s, ${(native / 1000).toFixed(1)} s)`,
    target: "must 2, aim 1.3",
    met: hvt / native <= 2,
  };
}

async function run(): Promise<readonly Row[]> {
  execFileSync("gcc", ["-O2", "-o", load, join(sourceFolder("web"), "load.c")]);
  return [...(await rateRows()), await warmUpRow(), await floodRow()];
}

export const network: Suite = {
  name: "network",
  skip: needsAll(needs.root(), needs.program("ip", "ping", "gcc", "qemu-system-x86_64")),
  run,
};
