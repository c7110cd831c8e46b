// What browser.test.ts runs in a page and in a worker of it; the outcome goes back to the test's server.
import { attach, createPeer, createSegment, open, run, type Plan } from "../src/browser/index.js";

export interface PageOutcome {
  readonly where: "page" | "worker";
  readonly output: string;
  readonly status: number;
  /** Round trips that were answered. */
  readonly pings: number;
  /** The status of a unikernel that computed without end, stopped by a timer that went on ticking meanwhile. */
  readonly stopped: number;
  readonly crossOriginIsolated: boolean;
}

const fetchUnikernel = async (name: string): Promise<ReturnType<typeof open>> => {
  const response = await fetch(`/dist/guest/${name}`);
  return open(new Uint8Array(await response.arrayBuffer()), name);
};
const silent = { write() {} };

async function hello(): Promise<{ output: string; status: number }> {
  let output = "";
  const plan = attach(await fetchUnikernel("tests/test_hello.hvt"), { memMiB: 16, args: ["Hello_Solo5"] });
  const { status } = await (
    await run(plan, { write: (data) => (output += new TextDecoder().decode(data)) })
  ).ended;
  return { output, status };
}

async function ping(count: number): Promise<number> {
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const plan = attach(await fetchUnikernel("tests/test_net.spt"), {
    memMiB: 16,
    net: { service0: { source } },
  });
  const running = await run(plan, silent);
  let answered = 0;
  for (let i = 0; i < count; i++) {
    if ((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined) answered++;
  }
  running.stop();
  await running.ended;
  return answered;
}

const ticks = 50;

/** Runs a unikernel that computes without end and stops it after some ticks of a timer. */
async function stopAfterTicks(plan: Plan): Promise<number> {
  const running = await run(plan, silent);
  for (let i = 0; i < ticks; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  running.stop();
  return (await running.ended).status;
}

async function outcome(where: PageOutcome["where"]): Promise<PageOutcome> {
  const endless = attach(await fetchUnikernel("bench/nbody.hvt"), { memMiB: 16, args: ["999999999"] });
  const stopped = await stopAfterTicks(endless);
  return { where, ...(await hello()), pings: await ping(50), stopped, crossOriginIsolated };
}

/** What a page has beyond what workers and Node share. */
declare const crossOriginIsolated: boolean;
declare const Worker: new (url: string, options: { type: "module" }) => object;
const isPage = "document" in globalThis;
try {
  await report(await outcome(isPage ? "page" : "worker"));
} catch (error) {
  await report(String((error as Error).stack));
}
if (isPage) Reflect.construct(Worker, [import.meta.url, { type: "module" }]);

async function report(value: PageOutcome | string): Promise<void> {
  await fetch("/outcome", { method: "POST", body: JSON.stringify(value) });
}
