// Unikernels written in TypeScript: how long the build takes, how large they are, how fast they start and serve, and scripts that compute
// against the same engine in V8. Against /bin/true and Node's http in turn, in the same run.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { webAssembly } from "../src/wasm/host.js";
import { bundle } from "../src/typescript/bundle.js";
import { createEngine } from "../src/typescript/engine/engine.js";
import { engineFile, modulesFolder, readBase, runnersOutput } from "../src/typescript/runners.js";
import { commandFile } from "../test/command.js";
import { createNamespace, type Namespace } from "../test/namespace.js";
import { needs, needsAll } from "../test/needs.js";
import { needsRunners, workFolder } from "../test/typescript/build.js";
import { sourceFolder } from "../test/unikernels.js";
import { geometricMean, inTurn, median, ratio, timed, type Row, type Suite } from "./report.js";

const folder = workFolder();
const at = (name: string): string => join(folder, name);

const programs = {
  hello: "console.log('hello');\n",
  server:
    'import { serve } from "solo5:http";\nserve({ port: 80 }, () => new Response("hello from a unikernel\\n"));\n',
  cpu: `
const now = () => performance.now();
class Point { constructor(public x: number, public y: number) {} add(o: Point) { return new Point(this.x + o.x, this.y + o.y); } }
const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));
const works: Record<string, () => unknown> = {
  fib: () => fib(24),
  sort: () => Array.from({ length: 30000 }, (_, i) => (i * 7919) % 30011).sort((a, b) => a - b),
  strings: () => { let s = 0; for (let i = 0; i < 30000; i++) s += \`k\${i}:\${i * 2}\`.split(":").length; return s; },
  regexp: () => "the quick brown fox ".repeat(3000).replace(/(\\w+) (\\w+)/g, "$2 $1"),
  json: () => { for (let i = 0; i < 50; i++) JSON.parse(JSON.stringify(Array.from({ length: 200 }, (_, k) => ({ k, v: "x" + k })))); },
  objects: () => { let p = new Point(0, 0); for (let i = 0; i < 60000; i++) p = p.add(new Point(1, 2)); return p; },
  floats: () => { let x = 0; for (let i = 1; i < 300000; i++) x += Math.sqrt(i) / (i + 0.5); return x; },
  map: () => { const m = new Map(); for (let i = 0; i < 60000; i++) m.set("k" + (i % 1000), i); return m; },
};
const times: Record<string, number> = {};
for (const [name, work] of Object.entries(works)) {
  times[name] = Infinity;
  for (let round = 0; round < 7; round++) { const t = now(); work(); times[name] = Math.min(times[name] ?? 0, now() - t); }
}
console.log(JSON.stringify(times));
`,
} as const;
type Program = keyof typeof programs;
const source = (name: Program): string => at(`${name}.ts`);

const buildArguments = (name: Program, ...options: readonly string[]): readonly string[] => [
  commandFile("solo5"),
  "build",
  source(name),
  ...options,
  "-o",
  at(name),
];
const build = (name: Program, ...options: readonly string[]): void =>
  void execFileSync(process.execPath, buildArguments(name, ...options), { stdio: "pipe" });

const mac = "02:00:00:00:00:02";
const buildServer = (): void => {
  const devices = ["--mem=64", "--net:service=tap0", `--net-mac:service=${mac}`];
  const words = [...buildArguments("server", ...devices), "--", "--ipv4=10.0.0.2/24"];
  execFileSync(process.execPath, words, { stdio: "pipe" });
};

function atMost(what: string, value: number, unit: string, must: number, aim: number, digits = 2): Row {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    target: `must ${must}, aim ${aim}`,
    met: value <= must,
  };
}

async function buildRows(): Promise<readonly Row[]> {
  const times: number[] = [];
  for (let i = 0; i < 7; i++) times.push(await timed(buildServer));
  build("hello");
  const megabytes = (name: Program): number => statSync(at(name)).size / 1e6;
  return [
    atMost("`solo5 build server.ts`", median(times) / 1000, "s", 0.5, 0.2),
    atMost("size sealed, the server", megabytes("server"), "MB", 1.5, 1.2),
    atMost("size sealed, without the network", megabytes("hello"), "MB", 1.5, 1.2),
  ];
}

async function startRow(): Promise<Row> {
  const run = (file: string) => (): void => void execFileSync(file, { stdio: "pipe" });
  const times = await inTurn(200, run(at("hello")), run("/bin/true"));
  return atMost("exec to the end of hello, against /bin/true in turn", ratio(times), "times", 2, 1.2);
}

/** Milliseconds of each work in V8: the same engine, the same program. */
function inV8(): Readonly<Record<string, number>> {
  const bundled = bundle(source("cpu"), { modules: modulesFolder(runnersOutput) });
  const { state, addresses, build: library } = readBase(runnersOutput, "core");
  const engine = createEngine(new webAssembly.Module(readFileSync(engineFile(runnersOutput))), state);
  engine.exchange = addresses.exchange;
  engine.onHostFunction = (name) => (name === "monotonicTime" ? performance.now() : Date.now());
  engine.evaluate("console.log = (text) => { globalThis.said = text; };", "bench");
  engine.call(engine.property(library, "load"), engine.evaluate(bundled.source, "bench"));
  engine.call(addresses.resume);
  return JSON.parse(engine.text(engine.evaluate("said", "bench"))) as Record<string, number>;
}

function cpuRow(): Row {
  build("cpu", "--mem=128");
  const own = JSON.parse(execFileSync(at("cpu"), { encoding: "utf8" })) as Record<string, number>;
  const v8 = inV8();
  const ratios = Object.entries(own).map(([name, time]) => [name, (v8[name] ?? Number.NaN) / time] as const);
  const mean = geometricMean(ratios.map(([, value]) => value));
  return {
    what: "scripts that compute, sealed, against the same engine in V8",
    measured: `${mean.toFixed(2)} (${ratios.map(([name, value]) => `${name} ${value.toFixed(2)}`).join(", ")})`,
    target: "must 0.6, aim 0.9",
    met: mean >= 0.6,
  };
}

async function answered(namespace: Namespace): Promise<void> {
  const client = `for (;;) { try { await fetch("http://10.0.0.2/"); process.stdout.write(String(performance.timeOrigin + performance.now())); process.exit(); } catch {} }`;
  await namespace.execute(process.execPath, ["--input-type=module", "-e", client]);
}

/** Starts the server in its arguments and asks it at once, over and over; says how many milliseconds the first answer took. */
const firstAnswer = `
import { spawn } from "node:child_process";
import { connect } from "node:net";
const started = performance.now();
const child = spawn(process.argv[1], { stdio: "ignore" });
const ask = () => {
  const socket = connect(80, "10.0.0.2", () => socket.write("GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n"));
  socket.on("error", () => {});
  socket.once("data", () => {
    console.log(performance.now() - started);
    child.kill("SIGKILL");
    process.exit();
  });
};
setInterval(ask, 1);
`;

async function firstAnswerRow(namespace: Namespace): Promise<Row> {
  // Nobody has to be asked where the server is, which may not be there yet.
  namespace.ip("neigh", "replace", "10.0.0.2", "lladdr", mac, "dev", "tap0", "nud", "permanent");
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const { stdout } = await namespace.execute(process.execPath, [
      "--input-type=module",
      "-e",
      firstAnswer,
      at("server"),
    ]);
    times.push(Number(stdout));
  }
  return atMost(
    "exec to the first answer to HTTP over a tap, the client's start of it included",
    median(times),
    "ms",
    8,
    3,
    1,
  );
}

const load = at("load");
async function requests(namespace: Namespace, address: string): Promise<number> {
  const ask = async (secs: number): Promise<number> => {
    const { stdout, stderr } = await namespace.execute(load, [address, "32", `${secs}`, "GET", "/"]);
    if (stdout === "") throw new Error(`load: ${stderr}`);
    return (JSON.parse(stdout) as { answers: number }).answers;
  };
  await ask(1);
  return ask(3);
}

const nodeServer = `
import { createServer } from "node:http";
createServer((request, response) => response.end("hello from a unikernel\\n")).listen(8000, "10.0.0.1");
`;

async function networkRows(): Promise<readonly Row[]> {
  execFileSync("gcc", ["-O2", "-o", load, join(sourceFolder("web"), "load.c")]);
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const first = await firstAnswerRow(namespace);
  const child = namespace.spawn(at("server"), []);
  writeFileSync(at("node.mjs"), nodeServer);
  const node = namespace.spawn(process.execPath, [at("node.mjs")]);
  try {
    await answered(namespace);
    const asleep = await memoryAsleep();
    const own = await requests(namespace, "10.0.0.2");
    const other = await requests(namespace, "10.0.0.1:8000");
    return [
      first,
      atMost("private memory asleep, the server", asleep, "KB", 600, 350, 0),
      {
        what: "requests on 32 connections over a tap, against Node's `http` in the same namespace",
        measured: `${(own / other).toFixed(2)} (${own} and ${other} a second)`,
        target: "must 0.25, aim 0.5",
        met: own / other >= 0.25,
      },
    ];
  } finally {
    for (const one of [child, node]) {
      one.kill("SIGKILL");
      if (one.exitCode === null && one.signalCode === null) await once(one, "close");
    }
  }
}

/** Private pages of the sealed server, in KB: it has the name of its file. */
async function memoryAsleep(): Promise<number> {
  await new Promise((done) => setTimeout(done, 1000));
  const pid = execFileSync("pgrep", ["-n", "-x", "server"], { encoding: "utf8" }).trim();
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(/^Private_Dirty:\s+(\d+) kB$/m.exec(rollup)?.[1]);
}

export const typescript: Suite = {
  name: "typescript",
  skip: needsAll(needsRunners, needs.root(), needs.program("gcc", "ip", "pgrep")),
  async run() {
    for (const [name, text] of Object.entries(programs)) writeFileSync(source(name as Program), text);
    return [...(await buildRows()), await startRow(), cpuRow(), ...(await networkRows())];
  },
};
