// The virtio target: how long disk images take to write, and our PC beside QEMU's emulation: boot, arithmetic, pings.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { multibootHeader } from "../src/abi/multiboot.js";
import { viewOf } from "../src/bytes/struct.js";
import { attach, open, run as runPlan } from "../src/index.js";
import { commandFile, execute, selfTest } from "../test/command.js";
import { createNamespace } from "../test/namespace.js";
import { needs, needsAll } from "../test/needs.js";
import { buildWorkloads, workloadFile, workloads } from "./guests.js";
import { median, timed, type Row, type Suite } from "./report.js";

const rounds = 5;
const megabytes = 10;
/** Where a unikernel's header is in its file, and what is loaded begins. */
const [headerOffset, fileOffset] = [0x1020, 0x1000];

/** The hello unikernel with incompressible data behind it, which its header has loaded as well. */
function largeUnikernel(): Uint8Array {
  const hello = readFileSync(selfTest("test_hello.virtio"));
  const header = multibootHeader.read(viewOf(hello), headerOffset);
  const loaded = header.bssEndAddr - header.loadAddr;
  const large = new Uint8Array(fileOffset + loaded + (megabytes << 20));
  large.set(hello.subarray(0, fileOffset + header.loadEndAddr - header.loadAddr));
  for (let i = fileOffset + loaded, x = 1; i < large.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    large[i] = x >>> 24;
  }
  const end = header.bssEndAddr + (megabytes << 20);
  multibootHeader.write(viewOf(large), headerOffset, { ...header, loadEndAddr: end, bssEndAddr: end });
  return large;
}

async function medianOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timed(work));
  return median(times);
}

async function imageRows(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "solo5-bench-"));
  try {
    const kernel = join(folder, "large.virtio");
    writeFileSync(kernel, largeUnikernel());
    const rows: Row[] = [];
    for (const format of ["raw", "tar"]) {
      const args = [commandFile("solo5-virtio-mkimage"), "-f", format, join(folder, format), kernel];
      const time = await medianOf(() => execute(process.execPath, args));
      rows.push({
        what: `disk image of a ${megabytes} MB unikernel, ${format}`,
        measured: `${time.toFixed(0)} ms`,
        target: "under 1,000 ms",
        met: time < 1000,
      });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Milliseconds until a unikernel on our PC, in this process, has printed what matches. */
async function untilPrinted(file: string, wanted: RegExp): Promise<number> {
  let text = "";
  let msecs = Number.NaN;
  const start = performance.now();
  const write = (data: Uint8Array): void => {
    text += new TextDecoder().decode(data);
    if (Number.isNaN(msecs) && wanted.test(text)) msecs = performance.now() - start;
  };
  await runPlan(attach(open(file), { memMiB: 128 }), { engine: "wasm", console: { write } }).exited;
  return msecs;
}

/** The same for QEMU, its start included. */
const underQemu = (file: string): Promise<number> =>
  timed(() => execute("qemu-system-x86_64", [..."-cpu Westmere -m 128 -nodefaults -display none -serial stdio -device isa-debug-exit -kernel".split(" "), file])); // prettier-ignore

async function bootRow(): Promise<Row> {
  const hello = selfTest("test_hello.virtio");
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < 2 * rounds; round++) {
    ours.push(await untilPrinted(hello, /SUCCESS/));
    theirs.push(await underQemu(hello));
  }
  const value = median(ours.slice(rounds));
  return {
    what: "hello from start to SUCCESS, our PC in a warm Node (QEMU, its start included)",
    measured: `${value.toFixed(0)} ms (${median(theirs).toFixed(0)} ms)`,
    target: "under 150 ms",
    met: value < 150,
  };
}

/** Their times go from start to checksum. */
async function workloadRows(): Promise<readonly Row[]> {
  await buildWorkloads(["virtio"]);
  const ratios: number[] = [];
  const rows: Row[] = [];
  for (const name of workloads) {
    const file = workloadFile(name, "virtio");
    const [theirs, ours] = [await underQemu(file), await untilPrinted(file, /[0-9a-f]{16}/)];
    ratios.push(theirs / ours);
    const measured = `${ours.toFixed(0)} ms, QEMU ${theirs.toFixed(0)} ms: ${(theirs / ours).toFixed(2)} times`;
    rows.push({ what: `workload ${name}`, measured });
  }
  const mean = Math.exp(ratios.reduce((sum, value) => sum + Math.log(value), 0) / ratios.length);
  return [
    ...rows,
    {
      what: "workloads, QEMU's time to ours, geometric mean",
      measured: mean.toFixed(2),
      target: "at least 3.5",
      met: mean >= 3.5,
    },
  ];
}

const pingCount = 10_000;

/** Seconds that ping(8) needs for its pings, one after the other as they come back, over a tap. */
async function pingSeconds(command: readonly string[]): Promise<number> {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const child = namespace.spawn(process.execPath, command);
  try {
    // QEMU hands on a character at a time.
    let text = "";
    await new Promise((resolve) =>
      child.stdout?.on("data", (data) => (text += `${data}`).includes("MAC") && resolve(text)),
    );
    const { stdout } = await namespace.execute("ping", ["-fq", "-c", `${pingCount}`, "10.0.0.2"]);
    if (!stdout.includes(`${pingCount} received`)) throw new Error(`pings were lost: ${stdout}`);
    return Number(/time (\d+)ms/.exec(stdout)?.[1]) / 1000;
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.on("close", resolve));
  }
}

async function pingRows(): Promise<readonly Row[]> {
  if (needsAll(needs.root(), needs.program("ip", "ping")) !== false) return [];
  const net = selfTest("test_net.virtio");
  const ours = await pingSeconds([commandFile("solo5"), "run", "--net:service0=tap0", net]);
  const theirs = await pingSeconds([commandFile("solo5-virtio-run"), "-q", "-H", "qemu", "-n", "tap0", net]);
  const measured = `${ours.toFixed(2)} s, QEMU ${theirs.toFixed(2)} s`;
  return [{ what: `${pingCount} pings over a tap, our PC`, measured }];
}

export const virtio: Suite = {
  name: "virtio",
  skip: needs.program("qemu-system-x86_64"),
  run: async () => [
    ...(await imageRows()),
    await bootRow(),
    ...(await workloadRows()),
    ...(await pingRows()),
  ],
};
