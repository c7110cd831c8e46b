// The virtio target: how long disk images take to write, and QEMU to boot one unikernel.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { multibootHeader } from "../src/abi/multiboot.js";
import { viewOf } from "../src/bytes/struct.js";
import { commandFile, execute, selfTest } from "../test/command.js";
import { needs } from "../test/needs.js";
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

async function run(): Promise<readonly Row[]> {
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
    const hello = ["-q", "-H", "qemu", selfTest("test_hello.virtio")];
    const boot = await medianOf(() => execute(process.execPath, [commandFile("solo5-virtio-run"), ...hello]));
    rows.push({ what: "hello from start to end under QEMU (TCG)", measured: `${boot.toFixed(0)} ms` });
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const virtio: Suite = { name: "virtio", skip: needs.program("qemu-system-x86_64"), run };
