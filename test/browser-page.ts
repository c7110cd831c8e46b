// What browser.test.ts runs in a page and in a worker of it; the outcome goes back to the test's server.
import { codeCacheOf } from "../src/host/browser/code-store.js";
import { attach, createPeer, createSegment, open, run, type Plan } from "../src/browser/index.js";

export interface PageOutcome {
  readonly where: "page" | "worker";
  readonly output: string;
  readonly status: number;
  /** Round trips that were not answered. */
  readonly lost: number;
  /** The status of a unikernel that computed without end, stopped by a timer that went on ticking meanwhile. */
  readonly stopped: number;
  readonly crossOriginIsolated: boolean;
  /** The checksums of a workload, first translated, then from the cache. */
  readonly checksums: readonly string[];
  /** What companions answered: a worker translates in a thread of its own. */
  readonly answers: number;
  /** What was kept for it in IndexedDB, in bytes. */
  readonly keptBytes: number;
  /** Frames that the page drew meanwhile, and its tasks of more than 50 ms, in milliseconds; none in a worker. */
  readonly frames: number;
  readonly longTasks: readonly number[];
  /** How long the two runs took, in milliseconds. */
  readonly took: readonly number[];
}

const fetchUnikernel = async (name: string): Promise<ReturnType<typeof open>> => {
  const response = await fetch(`/dist/guest/${name}`);
  return open(new Uint8Array(await response.arrayBuffer()), name);
};
const silent = { write() {} };

async function hello(): Promise<{ output: string; status: number }> {
  let output = "";
  const plan = attach(await fetchUnikernel("tests/test_hello.hvt"), { memMiB: 16, args: ["Hello_Solo5"] });
  const running = run(plan);
  for await (const data of running.output) output += new TextDecoder().decode(data);
  const { status } = await running.exited;
  return { output, status };
}

async function ping(isEnough: () => boolean): Promise<number> {
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const plan = attach(await fetchUnikernel("tests/test_net.spt"), {
    memMiB: 16,
    net: { service0: { source } },
  });
  // What the page has left is not to be taken.
  const running = run(plan, { console: silent, cache: false });
  let lost = 0;
  for (let round = 0; round === 0 || (round < MOST_ROUNDS && !isEnough()); round++) {
    const each = Array.from({ length: AT_ONCE }, () => peer.ping("10.0.0.2", { timeoutMsecs: 10_000 }));
    lost += (await Promise.all(each)).filter((msecs) => msecs === undefined).length;
    // A companion loads its modules beside this.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  running.stop();
  await running.exited;
  return lost;
}

const ticks = 50;
const AT_ONCE = 50;
/** More than make the code that answers hot, and a worker's companion answer. */
const MOST_ROUNDS = 3000;

/** Runs a unikernel that computes without end and stops it after some ticks of a timer. */
async function stopAfterTicks(plan: Plan): Promise<number> {
  const running = run(plan, { console: silent });
  for (let i = 0; i < ticks; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  running.stop();
  return (await running.exited).status;
}

interface Observer {
  observe(options: { type: string }): void;
  takeRecords(): readonly { duration: number }[];
  disconnect(): void;
}
/** What a page has beyond what workers and Node share. */
declare const PerformanceObserver: new (
  seen: (list: { getEntries(): readonly { duration: number }[] }) => void,
) => Observer;
declare const requestAnimationFrame: (frame: () => void) => void;

type Watched = Pick<PageOutcome, "checksums" | "frames" | "longTasks" | "keptBytes" | "took">;

/** Runs a workload twice and looks at what else the page can do meanwhile. */
async function workTwice(where: PageOutcome["where"]): Promise<Watched> {
  const longTasks: number[] = [];
  let frames = 0;
  let isOver = false;
  const frame = (): void => {
    frames++;
    if (!isOver) requestAnimationFrame(frame);
  };
  let observer: Observer | undefined;
  if (where === "page") {
    observer = new PerformanceObserver((list) =>
      longTasks.push(...list.getEntries().map((one) => one.duration)),
    );
    observer.observe({ type: "longtask" });
    requestAnimationFrame(frame);
  }
  const checksums: string[] = [];
  const took: number[] = [];
  const unikernel = await fetchUnikernel("bench/core.hvt");
  for (let round = 0; round < 2; round++) {
    let output = "";
    const start = performance.now();
    const running = run(attach(unikernel, { memMiB: 16 }), {
      console: { write: (data) => void (output += new TextDecoder().decode(data)) },
    });
    await running.exited;
    took.push(performance.now() - start);
    checksums.push(/^core [0-9a-f]{16}$/m.exec(output)?.[0] ?? output);
  }
  isOver = true;
  longTasks.push(...(observer?.takeRecords() ?? []).map((one) => one.duration));
  observer?.disconnect();
  const kept = await codeCacheOf(unikernel.file, 16 << 20);
  return { checksums, frames, longTasks, keptBytes: kept?.bytes?.length ?? 0, took };
}

/** Counts what workers that are started from now on post. */
function countAnswers(): () => number {
  let count = 0;
  const global = globalThis as unknown as { Worker: typeof Worker };
  const Given = global.Worker;
  global.Worker = class extends Given {
    constructor(url: string, options: { type: "module" }) {
      super(url, options);
      this.addEventListener("message", () => count++);
    }
  };
  return () => count;
}

async function outcome(where: PageOutcome["where"]): Promise<PageOutcome> {
  const endless = attach(await fetchUnikernel("bench/nbody.hvt"), { memMiB: 16, args: ["999999999"] });
  const stopped = await stopAfterTicks(endless);
  const watched = await workTwice(where);
  const answers = countAnswers();
  const lost = await ping(() => where === "page" || answers() > 0);
  return { where, ...(await hello()), lost, answers: answers(), stopped, crossOriginIsolated, ...watched };
}

declare const crossOriginIsolated: boolean;
declare const Worker: new (
  url: string,
  options: { type: "module" },
) => { addEventListener(type: "message", listener: () => void): void };
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
