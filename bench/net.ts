// Networks without root: the web server of guest/demo behind a gateway of ours, in turn with the same over a tap to the kernel, and behind
// slirp4netns; what src/ip weighs; segments that two processes share.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync } from "node:zlib";
import { buildSync } from "esbuild";
import { linkSegment } from "../src/host/any/segment-link.js";
import { createPeer, createSegment, type Peer } from "../src/index.js";
import { demoFile, guestOutput } from "../src/toolchain/layout.js";
import { commandFile, selfTest } from "../test/command.js";
import { createNamespace, type Namespace } from "../test/namespace.js";
import { needs, needsAll } from "../test/needs.js";
import { projectRoot } from "../test/project.js";
import { sourceFolder } from "../test/unikernels.js";
import { folder } from "./one-off.js";
import { median, timed, type Row, type Suite } from "./report.js";

const [load, connections] = [join(folder, "load"), join(folder, "connections")];
const web = demoFile(guestOutput, "web", "spt");
const secs = 1.5;
const rounds = 3;

interface Served {
  /** `ADDRESS:PORT` for a client that `run` runs. */
  readonly at: string;
  run(file: string, args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Waits until a program has said so; gives what `wanted` found. */
async function said(child: ChildProcess, wanted: RegExp): Promise<string> {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (data: Uint8Array) => {
      text += new TextDecoder().decode(data);
      child.emit("said");
    });
  child.on("close", () => child.emit("said"));
  for (let found; ; await once(child, "said")) {
    if ((found = wanted.exec(text)) !== null) return found[1] ?? "";
    if (child.exitCode !== null) throw new Error(`did not serve: ${text}`);
  }
}
async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
}
const runHere = async (file: string, args: readonly string[]): Promise<string> => {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data: Uint8Array) => (text += new TextDecoder().decode(data)));
  const [status] = (await once(child, "close")) as [number];
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
  return text;
};

async function byUser(): Promise<Served> {
  const args = [commandFile("solo5"), "run", "--mem=64", "--net:service0=user,tcp:0:80", web];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const at = await said(child, /tcp (127\.0\.0\.1:\d+) leads/);
  return { at, run: runHere, stop: () => end(child) };
}

const inside = async (namespace: Namespace, file: string, args: readonly string[]): Promise<string> => {
  const { stdout, stderr, status } = await namespace.execute(file, args);
  if (status !== 0) throw new Error(`${file}: ${stderr}`);
  return stdout;
};

async function byTap(): Promise<Served> {
  const namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const child = namespace.spawn(process.execPath, [
    commandFile("solo5-spt"),
    "--mem=64",
    "--net:service0=tap0",
    web,
  ]);
  await said(child, /Serving/);
  return {
    at: "10.0.0.2:80",
    run: (file, args) => inside(namespace, file, args),
    async stop() {
      await end(child);
      namespace[Symbol.dispose]();
    },
  };
}

/** A bridge in a namespace has the unikernel's tap and that of slirp4netns. */
async function bySlirp(): Promise<Served> {
  const namespace = createNamespace();
  namespace.tap("tap0", "10.0.2.99/24");
  namespace.ip("link", "add", "bridge", "type", "bridge");
  namespace.ip("link", "set", "bridge", "up");
  namespace.ip("link", "set", "tap0", "master", "bridge");
  const api = join(folder, `slirp-${process.pid}`);
  const netns = `/run/netns/${namespace.name}`;
  const slirp = spawn(
    "slirp4netns",
    ["--netns-type=path", `--api-socket=${api}`, "--mtu=1500", netns, "slirp0"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  await said(slirp, /received tapfd/);
  namespace.ip("link", "set", "slirp0", "up", "master", "bridge");
  const args = [commandFile("solo5-spt"), "--mem=64", "--net:service0=tap0", web, "--ipv4=10.0.2.100"];
  const child = namespace.spawn(process.execPath, args);
  await said(child, /Serving/);
  const port = 18_080;
  const socket = connectSocket(api);
  const forward = {
    proto: "tcp",
    host_addr: "127.0.0.1",
    host_port: port,
    guest_addr: "10.0.2.100",
    guest_port: 80,
  };
  socket.end(JSON.stringify({ execute: "add_hostfwd", arguments: forward }));
  await once(socket, "data");
  return {
    at: `127.0.0.1:${port}`,
    run: runHere,
    async stop() {
      await end(child);
      await end(slirp);
      namespace[Symbol.dispose]();
    },
  };
}

interface Figures {
  /** Megabits a second from the unikernel and to it. */
  readonly down: number;
  readonly up: number;
  /** Microseconds of a request: the median. */
  readonly latency: number;
  readonly connections: number;
}

async function measure({ at, run }: Served): Promise<Figures> {
  const loaded = async (seconds: number, ...asked: readonly string[]) =>
    JSON.parse(await run(load, [at, "1", `${seconds}`, ...asked])) as Record<string, number>;
  await loaded(secs / 4, "GET", "/bytes/1000000");
  const down = await loaded(secs, "GET", "/bytes/1000000");
  await loaded(secs / 4, "PUT", "/", "1000000");
  const up = await loaded(secs, "PUT", "/", "1000000");
  const one = await loaded(secs, "GET", "/");
  const many = JSON.parse(await run(connections, [at, "32", `${secs}`])) as Record<string, number>;
  return {
    down: ((down["received"] ?? 0) * 8) / 1e6,
    up: ((up["sent"] ?? 0) * 8) / 1e6,
    latency: one["p50"] ?? 0,
    connections: many["connections"] ?? 0,
  };
}

const ways = { user: byUser, tap: byTap, slirp: bySlirp };
type Way = keyof typeof ways;

async function networkRows(): Promise<readonly Row[]> {
  const wanted: readonly Way[] =
    needs.program("slirp4netns") === false ? ["user", "tap", "slirp"] : ["user", "tap"];
  const all: Record<Way, Figures[]> = { user: [], tap: [], slirp: [] };
  for (let round = 0; round < rounds; round++) {
    for (const way of wanted) {
      const served = await ways[way]();
      try {
        all[way].push(await measure(served));
      } finally {
        await served.stop();
      }
    }
  }
  const of = (way: Way, what: keyof Figures): number => median(all[way].map((one) => one[what]));
  const bulk = (what: "down" | "up", title: string): Row => {
    const [user, tap, slirp] = [of("user", what), of("tap", what), of("slirp", what)];
    const shares = [`${(user / tap).toFixed(2)} of a tap`];
    if (wanted.includes("slirp")) shares.push(`${(user / slirp).toFixed(1)} of slirp4netns`);
    return {
      what: `bulk ${title} by \`user\``,
      measured: `${user.toFixed(0)} Mbit/s, ${shares.join(", ")} (${tap.toFixed(0)}, ${slirp.toFixed(0)})`,
      target: "must 400 Mbit/s, 0.15 of a tap, 0.5 of slirp4netns; aim 1,000, and 1.0 of slirp4netns",
      met: user >= 400 && user / tap >= 0.15 && !(user / slirp < 0.5),
    };
  };
  const added = (of("user", "latency") - of("tap", "latency")) / 1000;
  return [
    bulk("down", "from the unikernel"),
    bulk("up", "to the unikernel"),
    {
      what: "new connections a second through a port of the host's, with a request each",
      measured: `${of("user", "connections").toFixed(0)} (tap ${of("tap", "connections").toFixed(0)}, slirp4netns ${of("slirp", "connections").toFixed(0)})`,
      target: "must 2,000, aim 8,000",
      met: of("user", "connections") >= 2000,
    },
    {
      what: "a request's latency, less that over a tap",
      measured: `${added.toFixed(2)} ms (${of("user", "latency")} and ${of("tap", "latency")} µs; slirp4netns ${of("slirp", "latency")} µs)`,
      target: "must 0.3 ms, aim 0.1",
      met: added <= 0.3,
    },
  ];
}

function sizeRow(): Row {
  const { outputFiles } = buildSync({
    stdin: { contents: 'export * from "./src/ip/index.js";', resolveDir: join(projectRoot, "dist") },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const kilobytes = brotliCompressSync(outputFiles[0]?.contents ?? new Uint8Array()).length / 1024;
  return {
    what: "src/ip, minified and compressed",
    measured: `${kilobytes.toFixed(1)} KB`,
    target: "must 40 KB, aim 25",
    met: kilobytes <= 40,
  };
}

async function memoryRow(): Promise<Row> {
  const text = await runHere(process.execPath, [
    "--expose-gc",
    join(projectRoot, "dist/bench/net-memory.js"),
  ]);
  const kilobytes = Number(text) / 1024;
  return {
    what: "memory of an idle connection in the core",
    measured: `${kilobytes.toFixed(2)} KB`,
    target: "must 4 KB, aim 2",
    met: kilobytes <= 4,
  };
}

const pingCount = 10_000;
async function pings(peer: Peer): Promise<number> {
  while ((await peer.ping("10.0.0.2")) === undefined);
  return timed(async () => {
    for (let i = 0; i < pingCount; i++)
      if ((await peer.ping("10.0.0.2", { timeoutMsecs: 5000 })) === undefined)
        throw new Error(`ping ${i} lost`);
  });
}

/** The same unikernel in a process of its own, on a segment of that process's or one that this process shares. */
async function segmentRow(): Promise<Row> {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 9);
  const near = async (): Promise<number> => {
    const script = join(projectRoot, "dist/bench/net-pings.js");
    return Number(await runHere(process.execPath, [script, selfTest("test_net.spt"), `${pingCount}`]));
  };
  const far = async (): Promise<number> => {
    const path = join(folder, "segment");
    const net = `--net:service0=segment:lan@unix:${path}`;
    const child = spawn(process.execPath, [commandFile("solo5"), "run", "--mem=16", net, selfTest("test_net.spt")], { stdio: "ignore" }); // prettier-ignore
    const segment = createSegment();
    const link = linkSegment(segment, { path }, (error) => {
      throw error;
    });
    const msecs = await pings(createPeer(segment.port(), { ip: "10.0.0.9", mac }));
    link.close();
    await end(child);
    await sleep(100);
    return msecs;
  };
  const times = { far: [] as number[], near: [] as number[] };
  for (let round = 0; round < 5; round++) {
    times.far.push(await far());
    times.near.push(await near());
  }
  const ratios = times.far.map((msecs, i) => msecs / (times.near[i] ?? Number.NaN));
  const secs = [times.far, times.near].map((all) => (median(all) / 1000).toFixed(2));
  return {
    what: "10,000 pings over a UNIX socket between two processes, against a segment in one",
    measured: `${median(ratios).toFixed(2)} times (${secs.join(" and ")} s)`,
    target: "must 3, aim 1.5",
    met: median(ratios) <= 3,
  };
}

async function run(): Promise<readonly Row[]> {
  execFileSync("gcc", ["-O2", "-o", load, join(sourceFolder("web"), "load.c")]);
  execFileSync("gcc", ["-O2", "-o", connections, join(sourceFolder("web"), "connections.c")]);
  return [...(await networkRows()), await memoryRow(), sizeRow(), await segmentRow()];
}

export const net: Suite = {
  name: "net",
  skip: needsAll(needs.root(), needs.program("ip", "gcc")),
  run,
};
