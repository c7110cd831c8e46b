// Puts a program into a prelinked runner: the engine's memory as segments behind the image, where things are in it, and the
// manifest. No compiler is needed; the rest of the file stays, symbols included.
import { alignUp, pageSize } from "../bytes/align.js";
import { Solo5Error } from "../bytes/error.js";
import { array, struct, u32, u64, viewOf } from "../bytes/struct.js";
import { ehdr, nhdr, phdr, segmentFlag, segmentType, shdr, type Isa } from "../abi/elf.js";
import {
  deviceType,
  mftEntry,
  mftHeader,
  mftPadding,
  mftReservedFirst,
  mftVersion,
  noteType,
} from "../abi/notes.js";
import type { Declaration } from "../image/manifest-json.js";
import { readElf } from "../image/elf.js";
import { symbols } from "../image/symbols.js";
import { findMultiboot, readMultiboot } from "../image/multiboot.js";
import { readAbi } from "../image/unikernel.js";
import { multibootHeader } from "../abi/multiboot.js";
import type { EngineState } from "./engine/state.js";

/** Of values and buffers in the engine's memory. */
export interface RunnerAddresses {
  readonly resume: number;
  readonly tick: number;
  readonly report: number;
  readonly rejected: number;
  readonly exchange: number;
  readonly arguments: number;
}

const magic = 0x31524e55524f4c53n;
const runMax = 12;
/** struct runner_image of guest/typescript/runner.h. */
const runnerImage = struct(152, {
  magic: u64,
  pages: u32,
  stackPointer: u32,
  runtime: u32,
  context: u32,
  resume: u32,
  tick: u32,
  report: u32,
  rejected: u32,
  exchange: u32,
  arguments: u32,
  runCount: u32,
  reserved: u32,
  runs: array(struct(8, { at: u32, size: u32 }), runMax),
});

/** Behind a runner's image, and what hvt and virtio keep for devices behind that. */
const behindImage = 0x600000;
/** As much as a MiB of the engine's own stack needs (guest/typescript/runner.c). */
const stackBytes = 16 << 20;

export interface RunnerMemory {
  /** Where linear memory begins. */
  readonly base: number;
  /** Where the stack in front of it does, if its end guards it: guest/wasm/runtime.c says where that is so. */
  readonly stackBase: number | undefined;
}

export const runnerMemory = (isa: Isa, target: string): RunnerMemory =>
  isa === "x86-64" && target !== "virtio"
    ? { base: behindImage + stackBytes, stackBase: behindImage }
    : { base: behindImage, stackBase: undefined };

/** Devices that a runner's manifest has room for. */
export const runnerDevices: readonly Declaration[] = Array.from({ length: 63 }, (_, i) => ({
  name: `reserved${i}`,
  type: "NET_BASIC",
}));

export interface Run {
  /** In memory. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** The pages of a memory that are not all zero, in runs: as few pages of zeros among them as `runMax` allows. */
export function filledRuns(memory: Uint8Array): readonly Run[] {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  const isEmpty = (page: number): boolean => {
    const start = (page * pageSize) / 4;
    for (let i = start; i < start + pageSize / 4; i++) if (words[i] !== 0) return false;
    return true;
  };
  let runs: { first: number; end: number }[] = [];
  for (let page = 0; page < memory.length / pageSize; page++) {
    if (isEmpty(page)) continue;
    const last = runs.at(-1);
    if (last?.end === page) last.end++;
    else runs.push({ first: page, end: page + 1 });
  }
  for (let gap = 1; runs.length > runMax; gap *= 2) {
    const joined: typeof runs = [];
    for (const run of runs) {
      const last = joined.at(-1);
      if (last !== undefined && run.first - last.end <= gap) last.end = run.end;
      else joined.push(run);
    }
    runs = joined;
  }
  return runs.map(({ first, end }) => ({
    at: first * pageSize,
    bytes: memory.subarray(first * pageSize, end * pageSize),
  }));
}

export interface RunnerProgram {
  readonly state: EngineState;
  readonly addresses: RunnerAddresses;
  readonly devices: readonly Declaration[];
}

/** The unikernel's bytes. Throws Solo5Error `RUNNER` for a file that is no runner. */
export function fillRunner(runner: Uint8Array, name: string, program: RunnerProgram): Uint8Array {
  const { state, addresses, devices } = program;
  const bad = (what: string) =>
    new Solo5Error("RUNNER", `${name}: ${what}: npm run build:runners makes it anew`);
  const elf = readElf(runner, name);
  const symbol = symbols(runner, elf).find((each) => each.name === "runner_image");
  const home = elf.loads.find(
    ({ vaddr, data }) =>
      symbol !== undefined && symbol.address >= vaddr && symbol.address < vaddr + data.length,
  );
  if (symbol === undefined || home === undefined) throw bad("not a runner of TypeScript programs");
  const at = home.data.byteOffset - runner.byteOffset + symbol.address - home.vaddr;
  if (runnerImage.read(viewOf(runner), at).magic !== magic) throw bad("a runner of another release");

  const runs = filledRuns(state.memory);
  const { target } = readAbi(elf, name);
  const isOnePiece = target === "virtio";
  const { base } = runnerMemory(elf.isa, target);
  const file = isOnePiece ? withOnePiece(runner, name, runs, base) : withSegments(runner, runs, base);
  const { runtime, context, stackPointer } = state;
  const pages = state.memory.length / 65_536;
  runnerImage.write(viewOf(file), at, {
    magic,
    pages,
    stackPointer,
    runtime,
    context,
    ...addresses,
    runCount: isOnePiece ? runs.length : 0,
    reserved: 0,
    runs: isOnePiece ? runs.map((run) => ({ at: run.at, size: run.bytes.length })) : [],
  });
  writeManifest(file, devices, bad);
  return file;
}

/** The file with a segment for each run, and the program headers at its end. */
function withSegments(runner: Uint8Array, runs: readonly Run[], base: number): Uint8Array {
  let end = alignUp(runner.length, pageSize);
  const placed = runs.map(({ at, bytes }) => {
    const offset = end;
    end += bytes.length;
    return { vaddr: base + at, bytes, offset };
  });
  const file = new Uint8Array(end + headersSize(runner, placed.length));
  file.set(runner);
  for (const { bytes, offset } of placed) file.set(bytes, offset);
  writeHeaders(file, end, placed);
  return file;
}

/**
 * The file with all runs as one piece behind what a multiboot loader loads, at memory's start: the runner puts them where they
 * belong. What the file has behind that, its sections, moves.
 */
function withOnePiece(runner: Uint8Array, name: string, runs: readonly Run[], base: number): Uint8Array {
  const { loadAddr, data } = readMultiboot(runner, name);
  const loadAt = data.byteOffset - runner.byteOffset;
  const sectionsAt = loadAt + data.length;
  const at = loadAt + base - loadAddr;
  const size = runs.reduce((sum, run) => sum + run.bytes.length, 0);
  const shift = at + size - sectionsAt;
  const headersAt = runner.length + shift;
  const file = new Uint8Array(headersAt + headersSize(runner, 1));
  file.set(runner.subarray(0, sectionsAt));
  let end = at;
  for (const { bytes } of runs) {
    file.set(bytes, end);
    end += bytes.length;
  }
  file.set(runner.subarray(sectionsAt), end);
  const view = viewOf(file);
  const { shoff, shnum } = ehdr.read(view, 0);
  ehdr.update(view, 0, { shoff: shoff + BigInt(shift) });
  for (let s = 0; s < shnum; s++) {
    const sectionAt = Number(shoff) + shift + s * shdr.size;
    const { offset } = shdr.read(view, sectionAt);
    if (offset >= BigInt(sectionsAt)) shdr.update(view, sectionAt, { offset: offset + BigInt(shift) });
  }
  const headerAt = findMultiboot(runner) ?? 0;
  const loadEndAddr = base + size;
  multibootHeader.update(view, headerAt, { loadEndAddr, bssEndAddr: loadEndAddr });
  writeHeaders(file, headersAt, [{ vaddr: base, bytes: file.subarray(at, end), offset: at }]);
  return file;
}

const headersSize = (runner: Uint8Array, more: number): number =>
  (ehdr.read(viewOf(runner), 0).phnum + more) * phdr.size;

/** The program headers that there are, and those of more segments, at `to`. */
function writeHeaders(
  file: Uint8Array,
  to: number,
  segments: readonly { readonly vaddr: number; readonly bytes: Uint8Array; readonly offset: number }[],
): void {
  const view = viewOf(file);
  const { phoff, phnum } = ehdr.read(view, 0);
  file.copyWithin(to, Number(phoff), Number(phoff) + phnum * phdr.size);
  segments.forEach(({ vaddr, bytes, offset }, i) =>
    phdr.write(view, to + (phnum + i) * phdr.size, {
      type: segmentType.load,
      flags: segmentFlag.read | segmentFlag.write,
      offset: BigInt(offset),
      vaddr: BigInt(vaddr),
      paddr: BigInt(vaddr),
      filesz: BigInt(bytes.length),
      memsz: BigInt(bytes.length),
      align: BigInt(pageSize),
    }),
  );
  ehdr.update(view, 0, { phoff: BigInt(to), phnum: phnum + segments.length });
}

/** Over the one that the runner was linked with, which has room for every device. */
function writeManifest(
  file: Uint8Array,
  devices: readonly Declaration[],
  bad: (what: string) => Error,
): void {
  const view = viewOf(file);
  const { phoff, phnum, shoff, shnum } = ehdr.read(view, 0);
  const content = mftHeader.size + (devices.length + 1) * mftEntry.size;
  const nameSize = 8;
  const size = nhdr.size + nameSize + mftPadding + content;
  for (let i = 0; i < phnum; i++) {
    const headerAt = Number(phoff) + i * phdr.size;
    const { type, offset } = phdr.read(view, headerAt);
    if (type !== segmentType.note) continue;
    const note = nhdr.read(view, Number(offset));
    if (note.type !== noteType.mft1) continue;
    nhdr.update(view, Number(offset), { descsz: mftPadding + content });
    phdr.update(view, headerAt, { filesz: BigInt(size), memsz: BigInt(size) });
    for (let s = 0; s < shnum; s++) {
      const sectionAt = Number(shoff) + s * shdr.size;
      if (shdr.read(view, sectionAt).offset === offset) shdr.update(view, sectionAt, { size: BigInt(size) });
    }
    const at = Number(offset) + nhdr.size + nameSize + mftPadding;
    file.fill(0, at, at + mftHeader.size + (runnerDevices.length + 1) * mftEntry.size);
    mftHeader.write(view, at, { version: mftVersion, entries: devices.length + 1 });
    const entries = [{ name: "", number: mftReservedFirst }, ...devices.map(({ name, type }) => ({ name, number: deviceType[type] }))]; // prettier-ignore
    entries.forEach(({ name, number }, e) =>
      mftEntry.update(view, at + mftHeader.size + e * mftEntry.size, {
        name: new TextEncoder().encode(name),
        type: number,
      }),
    );
    return;
  }
  throw bad("a runner without a manifest");
}
