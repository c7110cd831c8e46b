// A recording that is cut off by kill -9 holds all that was seen of the run: its output, its frames, its trace. Whoever has
// seen it is another process, the kernel is who kills.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { hypercallPort, hypercalls } from "../src/abi/hvt.js";
import { littleEndian32 } from "../src/sealed/launch/code.js";
import { commandFile } from "./command.js";
import { unikernelFile } from "./elf-file.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));

const [time, text] = [0x20_0000, 0x20_0100];
const movDword = [0xc7, 0x04, 0x25];
const [movEax, movEdx, outDxEax, jump] = [0xb8, 0xba, 0xef, 0xeb];
const dword = (address: number, value: number): readonly number[] => [
  ...movDword,
  ...littleEndian32(address),
  ...littleEndian32(value),
];
const hypercall = (name: keyof typeof hypercalls, args: number): readonly number[] => [
  movEdx,
  ...littleEndian32(hypercallPort + hypercalls[name].nr),
  movEax,
  ...littleEndian32(args),
  outDxEax,
];
/** Asks what time it is and prints it, eight bytes, without end. */
const start = [...dword(text, time), ...dword(text + 8, 8)];
const body = [...hypercall("walltime", time), ...hypercall("puts", text)];
const clock = unikernelFile({
  target: 1,
  headers: [
    {
      type: 1,
      flags: 5,
      vaddr: 0x100000n,
      data: Uint8Array.from([...start, ...body, jump, -(body.length + 2) & 0xff]),
    },
  ],
});

/** Runs until so many bytes of stdout or stderr have been seen, and kills; gives all that was seen. */
function seenOf(args: readonly string[], bytes: number, fd: 1 | 2): Promise<Buffer> {
  const child = spawn(process.execPath, [commandFile("solo5"), ...args], {
    stdio: ["ignore", fd === 1 ? "pipe" : "ignore", fd === 2 ? "pipe" : "ignore"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const chunks: Buffer[] = [];
  let count = 0;
  child.stdio[fd]?.on("data", (data: Buffer) => {
    chunks.push(data);
    if ((count += data.length) >= bytes) child.kill("SIGKILL");
  });
  return new Promise((resolve) => child.on("close", () => resolve(Buffer.concat(chunks))));
}

const kernel = join(folder, "clock.hvt");
writeFileSync(kernel, clock);
const recording = join(folder, "log");
const replayed = (): Promise<Buffer> => {
  const child = spawn(process.execPath, [commandFile("solo5"), "replay", recording], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 60_000,
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => chunks.push(data));
  return new Promise((resolve) => child.on("close", () => resolve(Buffer.concat(chunks))));
};

test("what a killed run has printed, its replay prints", async () => {
  const seen = await seenOf(["run", "--engine=wasm", "--mem=4", `--record=${recording}`, kernel], 100_000, 1);
  const again = await replayed();
  assert.ok(seen.length >= 100_000 && again.length >= seen.length, `${again.length} of ${seen.length}`);
  assert.ok(again.subarray(0, seen.length).equals(seen));
});

test("what a killed run's trace has shown, its replay does", async () => {
  const args = ["run", "--engine=wasm", "--trace", "--mem=4", `--record=${recording}`, kernel];
  const seen = (await seenOf(args, 50_000, 2)).toString();
  const times = [...seen.matchAll(/walltime\(\) = (\d+)/g)].map((match) => BigInt(match[1] ?? 0));
  assert.ok(times.length > 100, seen.slice(0, 500));
  const again = await replayed();
  const printed = times.slice(0, -1).map((_, i) => again.readBigUInt64LE(i * 8));
  assert.deepEqual(printed, times.slice(0, -1));
  assert.ok(readFileSync(recording).length > 0);
});
