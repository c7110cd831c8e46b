// Containers: what a unikernel costs as one, beside runc with a static program that says the same; the unikernel's web server behind the
// interface that a manager made, beside the same on a bare tap.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { demoFile, guestOutput } from "../src/toolchain/layout.js";
import { packLayout, writeLayout } from "../src/oci/image/layout.js";
import { commandFile, selfTest } from "../test/command.js";
import { createNamespace, type Namespace } from "../test/namespace.js";
import { needs, needsAll } from "../test/needs.js";
import { containers, isSmall, newId, proc, runtimeCommand } from "../test/oci/bundle.js";
import { createRig, startContainerd, type Rig } from "../test/oci/managers.js";
import { removePodTraces, sandboxBytes, startKubelet, startPods } from "../test/oci/pods.js";
import { buildWaiting } from "../test/oci/programs.js";
import { sourceFolder } from "../test/unikernels.js";
import { folder } from "./one-off.js";
import { inTurn, median, ratio, timed, type Row, type Suite } from "./report.js";

const web = demoFile(guestOutput, "web", "spt");
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const atMost = (what: string, value: number, must: number, aim: number): Row => ({
  what,
  measured: ms(value),
  target: `at most ${must} ms (aim ${aim})`,
  met: value <= must,
});

/** An archive of an image for runc: a static program that says hello. */
function staticImage(rig: Rig): string {
  const source = join(rig.folder, "hello.c");
  const program = join(rig.folder, "hello");
  writeFileSync(source, '#include <unistd.h>\nint main(void) { return write(1, "Hello\\n", 6) != 6; }\n');
  execFileSync("gcc", ["-static", "-O2", source, "-o", program]);
  const layout = join(rig.folder, "static");
  const archive = join(rig.folder, "static.tar");
  const files = writeLayout(layout, [{ isa: "x86-64", layers: [[{ name: "hello", content: readFileSync(program), isExecutable: true }]], entrypoint: ["/hello"], cmd: [], labels: {} }], "localhost/static:latest", 0); // prettier-ignore
  const fd = openSync(archive, "w");
  packLayout(layout, files, 0, fd);
  closeSync(fd);
  return archive;
}

async function engineRow(): Promise<Row> {
  await using rig = createRig();
  const ctr = await startContainerd(rig);
  for (const image of [staticImage(rig), await rig.image("hello", selfTest("test_hello.spt"))])
    await rig.done("ctr", [...ctr, "images", "import", image]);
  const run = (image: string, ...options: readonly string[]) =>
    rig.done("ctr", [...ctr, "run", "--rm", ...options, `localhost/${image}:latest`, newId()]);
  // As `install` puts it on a node.
  const runtime = isSmall() ? runtimeCommand()[0] : rig.runtime;
  const times = await inTurn(
    15,
    () => run("hello", "--runc-binary", runtime),
    () => run("static"),
  );
  const value = ratio(times);
  return {
    what: "`ctr run --rm` of a hello, against runc's static one",
    measured: `${value.toFixed(2)} (${ms(median(times.a))} to ${ms(median(times.b))})`,
    target: "at most 1.3 (aim 0.9)",
    met: value <= 1.3,
  };
}

const podCount = Number(process.env["SOLO5_PODS"] ?? 100);
const podRounds = 3;

/** Pods through CRI, each with its pause container and network, in turn with runc's; until the last container was started. */
async function podsRow(): Promise<Row> {
  await using rig = createRig();
  using kubelet = await startKubelet(rig, [staticImage(rig), await rig.image("hello", selfTest("test_hello.spt"))]);
  let round = 0;
  const run = async (handler: string, image: string): Promise<number> => {
    round++;
    const names = Array.from({ length: podCount }, (_, i) => `${handler}${round}x${i}`);
    const pods = await startPods(kubelet.cri, names, handler, `localhost/${image}:latest`);
    await pods.remove();
    return pods.msecs;
  };
  const times = { a: [] as number[], b: [] as number[] };
  for (let i = 0; i < podRounds; i++) {
    times.a.push(await run("solo5", "hello"));
    times.b.push(await run("runc", "static"));
  }
  removePodTraces();
  const value = ratio(times);
  return {
    what: `${podCount} pods ready over CRI, against runc's with a static hello`,
    measured: `${value.toFixed(2)} (${(median(times.a) / 1000).toFixed(1)} s to ${(median(times.b) / 1000).toFixed(1)} s)`,
    target: "at most 1.3 (aim 0.8)",
    met: value <= 1.3,
  };
} // prettier-ignore

/** What a pod takes beside its unikernel: its pause container, which is all that overhead.podFixed has to cover. */
async function podMemoryRow(): Promise<Row> {
  await using rig = createRig();
  const { wait } = await buildWaiting("bench");
  using kubelet = await startKubelet(rig, [await rig.image("wait", wait)]);
  const names = Array.from({ length: 8 }, (_, i) => `memory${i}`);
  const pods = await startPods(kubelet.cri, names, "solo5", "localhost/wait:latest");
  const most = Math.max(...sandboxBytes(pods.containers));
  await pods.remove();
  removePodTraces();
  return {
    what: "a pod's memory beside its unikernel's, the pause container's: the largest of 8",
    measured: `${(most / 1024).toFixed(0)} KB`,
    target: "at most 1 MiB, as docs/containers.md has it for overhead.podFixed",
    met: most <= 2 ** 20,
  };
}

/** Each command as a whole, and the time from the start's byte to the first of the guest's output. */
async function commandRows(): Promise<readonly Row[]> {
  using all = containers();
  const { wait } = await buildWaiting("bench");
  const made = all.bundle(wait);
  const times = { create: [], state: [], start: [], kill: [], delete: [] } as Record<string, number[]>;
  for (let round = 0; round < 15; round++) {
    const id = newId();
    const steps: Readonly<Record<string, () => Promise<unknown>>> = {
      create: () => all.create(id, made),
      state: () => all.oci("state", id),
      start: () => all.oci("start", id),
      kill: () => all.oci("kill", id, "KILL"),
      delete: () => all.oci("delete", "--force", id),
    };
    for (const [name, step] of Object.entries(steps)) times[name]?.push(await timed(step));
  }
  const of = (name: string): number => median(times[name] ?? []);
  return [
    { what: "`solo5-oci create`", measured: ms(of("create")) },
    { what: "`solo5-oci state`", measured: ms(of("state")) },
    ...["start", "kill", "delete"].map((name) => atMost(`\`solo5-oci ${name}\``, of(name), 60, 5)),
  ];
}

async function startRow(): Promise<Row> {
  using all = containers();
  const { wait } = await buildWaiting("bench");
  const made = all.bundle(wait);
  const times: number[] = [];
  for (let round = 0; round < 15; round++) {
    const id = newId();
    const child = spawn(commandFile("solo5-oci"), ["--root", all.root, "create", "--bundle", made, id], { stdio: ["ignore", "pipe", "inherit"] }); // prettier-ignore
    await once(child, "exit");
    const begin = performance.now();
    writeFileSync(join(all.root, id, "start"), "0");
    await once(child.stdout, "data");
    times.push(performance.now() - begin);
    await all.oci("delete", "--force", id);
  }
  return atMost("from the start's byte to the guest's first output", median(times), 5, 1);
}

/** Kilobytes of a process's memory that lie outside of the guest's, and of its page tables. */
async function memoryRow(): Promise<Row> {
  using all = containers();
  const { wait } = await buildWaiting("bench");
  const id = newId();
  await all.create(id, all.bundle(wait, { annotations: { "org.solo5.mem": "32" } }));
  await all.oci("start", id);
  const { pid } = await all.state(id);
  const guest = { begin: 0x10_0000, end: 32 * 2 ** 20 };
  let outside = 0;
  for (const part of proc(pid, "smaps").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const begin = Number.parseInt(part, 16);
    const pss = Number(/^Pss: +(\d+) kB/m.exec(part)?.[1] ?? 0);
    if (begin < guest.begin || begin >= guest.end) outside += pss;
  }
  const tables = Number(/^VmPTE:\s+(\d+) kB/m.exec(proc(pid, "status"))?.[1] ?? 0);
  await all.oci("delete", "--force", id);
  return {
    what: "memory beyond the guest's touched pages: PSS and page tables",
    measured: `${outside + tables} KB (${outside} and ${tables})`,
    target: "at most 100 KB (aim 50)",
    met: outside + tables <= 100,
  };
}

const secs = 4;

/** Answers a second. */
async function load({ execute }: Pick<Namespace, "execute">, address: string): Promise<number> {
  const program = join(folder, "load");
  execFileSync("gcc", ["-O2", "-o", program, join(sourceFolder("web"), "load.c")]);
  const { stdout } = await execute(program, [address, "16", String(secs), "GET", "/"]);
  return (JSON.parse(stdout) as { answers: number }).answers;
}

async function httpRow(): Promise<Row> {
  using all = containers();
  using bare = createNamespace();
  bare.tap("tap0", "10.9.1.1/24");
  const direct = bare.spawn(process.execPath, [commandFile("solo5-spt"), "--mem=64", "--net:service0=tap0", web, "--ipv4=10.9.1.2/24"]); // prettier-ignore
  if (direct.stdout !== null) await once(direct.stdout, "data");
  using far = createNamespace();
  using near = createNamespace();
  far.ip("link", "add", "far", "type", "veth", "peer", "name", "eth0", "netns", near.name);
  far.ip("address", "add", "10.9.1.1/24", "dev", "far");
  far.ip("link", "set", "far", "up");
  near.ip("address", "add", "10.9.1.2/24", "dev", "eth0");
  near.ip("link", "set", "eth0", "up");
  const id = newId();
  const network = { type: "network", path: `/run/netns/${near.name}` };
  await all.create(
    id,
    all.bundle(web, { annotations: { "org.solo5.mem": "64" }, linux: { namespaces: [network] } }),
  );
  await all.oci("start", id);
  const answers = { pod: [] as number[], bare: [] as number[] };
  for (let round = 0; round < 5; round++) {
    answers.pod.push(await load(far, "10.9.1.2"));
    answers.bare.push(await load(bare, "10.9.1.2"));
  }
  direct.kill();
  await all.oci("delete", "--force", id);
  const value = median(answers.pod.map((count, i) => count / (answers.bare[i] ?? NaN)));
  const each = (counts: readonly number[]): string => median(counts).toFixed(0);
  return {
    what: "HTTP answers a second behind a pod's address, against a bare tap",
    measured: `${value.toFixed(2)} (${each(answers.pod)} to ${each(answers.bare)})`,
    target: "at least 0.9 (aim 1.0)",
    met: value >= 0.9,
  };
}

export const oci: Suite = {
  name: "oci",
  skip: needsAll(needs.containers(), needs.program("gcc", "ip")),
  async run() {
    mkdirSync(folder, { recursive: true });
    return [
      await engineRow(),
      await podsRow(),
      await podMemoryRow(),
      ...(await commandRows()),
      await startRow(),
      await memoryRow(),
      await httpRow(),
    ];
  },
};
