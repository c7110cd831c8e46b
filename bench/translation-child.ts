// Translates every function of the workloads, with a new translator for each workload, in a process of its own: first what a
// cold process does with 100 KB of guest code, then what a warm one does. Prints both in MB of guest code a second.
import { readFileSync } from "node:fs";
import { machineMemory } from "../src/engine/portable/memory/machine-memory.js";
import { guestBase } from "../src/engine/portable/memory/state.js";
import { x86 } from "../src/engine/x86-64/isa.js";
import { Translator } from "../src/engine/portable/translate/translator.js";
import { readUnikernel } from "../src/image/unikernel.js";
import { workloadFile, workloads } from "./guests.js";

const COLD_BYTES = 100_000;
const WARMING_MSECS = 4000;
const MEASURED_PASSES = 5;
const memorySize = 2 << 20;

const guests = workloads.map((name) => {
  const unikernel = readUnikernel(readFileSync(workloadFile(name, "hvt")), name);
  const first = unikernel.segments.find(({ execute }) => execute);
  if (first === undefined) throw new Error(`${name} has no code`);
  const end = first.vaddr + first.memsz;
  const functions = unikernel
    .symbols()
    .filter(({ address, size }) => size > 0 && address >= first.vaddr && address < end)
    .map(({ address }) => address);
  const memory = machineMemory(memorySize);
  const bytes = memory.bytes(0, memorySize) ?? new Uint8Array();
  for (const { vaddr, data } of unikernel.segments) bytes.set(data, vaddr);
  const isExecutable = (pc: number) => pc >= first.vaddr && pc < end;
  const writable = unikernel.segments.find(({ write }) => write)?.vaddr ?? end;
  return { memory, bytes, functions: new Set(functions), isExecutable, readable: first.vaddr, writable };
});

/** Translates one workload; the bytes of guest code that this were. */
function translate({
  memory,
  bytes,
  functions,
  isExecutable,
  readable,
  writable,
}: (typeof guests)[number]): number {
  const shape = { base: guestBase(memorySize), size: memorySize, readable, writable };
  const code = {
    isa: x86,
    bytes,
    shape,
    isExecutable,
    exact: false,
    keepsFlags: false,
    counts: false,
    isKnown: () => true,
    isCalled: () => false,
    looksUp: () => false,
    hasRun: () => true,
    countAt: () => 0,
    decoded: () => undefined,
    targetsOf: () => [],
    jumpTargetsOf: () => [],
    jumpSourcesOf: () => [],
    registerNow: () => 0,
  };
  const translator = new Translator(
    memory.wasm,
    code,
    {
      slow: () => 0,
      missing: () => 0,
      failed: () => 0,
      covered: () => undefined,
      installed: () => {},
      settle: () => {},
    },
    () => {},
    { isTimed: false },
  );
  translator.complete(functions, Number.POSITIVE_INFINITY);
  return translator.statistics.guestBytes;
}

let bytes = 0;
const start = performance.now();
while (bytes < COLD_BYTES) {
  for (const guest of guests) if (bytes < COLD_BYTES) bytes += translate(guest);
}
const cold = bytes / (performance.now() - start) / 1000;

while (performance.now() - start < WARMING_MSECS) guests.forEach(translate);
let warm = 0;
for (let pass = 0; pass < MEASURED_PASSES; pass++) {
  const before = performance.now();
  const sum = guests.reduce((total, guest) => total + translate(guest), 0);
  warm = Math.max(warm, sum / (performance.now() - before) / 1000);
}
process.stdout.write(`${cold} ${warm}\n`);
