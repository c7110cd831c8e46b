// A domain's memory and registers before its first instruction. docs/abi.md 11.1.
import {
  e820Entry,
  entryNote,
  memmapEntry,
  rangeType,
  startInfo,
  startInfoVersion,
  startMagic,
} from "../../abi/xen.js";
import { alignUp, pageSize } from "../../bytes/align.js";
import { Solo5Error } from "../../bytes/error.js";
import { encode, u32, viewOf } from "../../bytes/struct.js";
import { hex, withNul } from "../../bytes/text.js";
import { readElf } from "../../image/elf.js";
import type { MemoryMap } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";
import type { Unikernel } from "../../image/unikernel.js";
import { loadSegments, seldomWrittenRegions, type Guest } from "../contract.js";
import { flatGdt } from "../protected-mode.js";
import { initialRegisters } from "./isa/x86-64.js";

/** Where Xen's own pages lie is Xen's choice: here behind the memory. */
const ownPages = ["console", "store"] as const;
export const ownPage = (memSize: number, name: (typeof ownPages)[number]): number =>
  memSize + ownPages.indexOf(name) * pageSize;
const totalOf = (memSize: number): number => memSize + ownPages.length * pageSize;

/** Interrupt controllers lie there, and nothing else is mapped up to 4 GiB. */
const memoryMax = 0xfe00_0000;

/** In memory that no unikernel is linked for. */
const gdtBase = 0x8000;

/** Xen protects nothing by itself. Throws Solo5Error `MEMORY`. */
export function xenMap({ unikernel, memSize }: Guest): MemoryMap {
  if (memSize > memoryMax)
    throw new Solo5Error(
      "MEMORY",
      `guest memory size ${memSize} bytes exceeds the max size ${memoryMax} bytes`,
    );
  const regions = seldomWrittenRegions(unikernel);
  return { size: totalOf(memSize), ram: { execute: true }, regions };
}

/** The address of the first instruction, in 32-bit mode. Throws Solo5Error `NOT_PVH`. */
export function readEntry({ file, name, imageEnd }: Unikernel): number {
  const bad = (what: string): Solo5Error => new Solo5Error("NOT_PVH", `${name}: ${what}`);
  const note = readElf(file, name).notes.find(
    (candidate) => candidate.name === entryNote.name && candidate.type === entryNote.type,
  );
  if (note === undefined)
    throw bad("there is no note of Xen's that tells the entry (XEN_ELFNOTE_PHYS32_ENTRY)");
  if (note.desc.length < u32.size) throw bad(`Xen's note of the entry has ${note.desc.length} bytes`);
  const entry = u32.read(viewOf(note.desc), 0);
  if (entry >= imageEnd) throw bad(`Xen's note has the entry ${hex(entry)}, which is not in the image`);
  return entry;
}

/** What there is: entries of address, size and type. */
const ranges = (memSize: number) =>
  [
    { addr: 0, size: memSize, type: rangeType.ram },
    { addr: memSize, size: totalOf(memSize) - memSize, type: rangeType.reserved },
  ] as const;

/** The same as the hypercall gives it. */
export const e820Map = (memSize: number): readonly Uint8Array[] =>
  ranges(memSize).map(({ addr, size, type }) =>
    encode(e820Entry, { addr: BigInt(addr), size: BigInt(size), type }),
  );

/** Fills memory, which is zero before, and gives the registers. Throws Solo5Error `NOT_PVH`, `MEMORY`. */
export function writeMemory(
  { unikernel, memSize, cmdline }: Guest,
  memory: GuestMemory,
): Readonly<Record<string, number>> {
  const entry = readEntry(unikernel);
  loadSegments(unikernel, memory);
  // Bindings of the reference's read it when nothing is mapped any more below the image.
  const info = alignUp(unikernel.imageEnd, pageSize);
  const map = info + startInfo.size;
  const entries = ranges(memSize).map(({ addr, size, type }) =>
    encode(memmapEntry, { addr: BigInt(addr), size: BigInt(size), type, reserved: 0 }),
  );
  const text = map + entries.length * memmapEntry.size;
  const line = withNul(cmdline);
  const put = (at: number, bytes: Uint8Array): void => {
    if (at + bytes.length > memSize)
      throw new Solo5Error("MEMORY", `${unikernel.name}: no room behind the image, see --mem`);
    memory.bytes(at, bytes.length)?.set(bytes);
  };
  put(
    info,
    encode(startInfo, {
      magic: startMagic,
      version: startInfoVersion,
      flags: 0,
      nrModules: 0,
      modlistPaddr: 0n,
      cmdlinePaddr: BigInt(text),
      rsdpPaddr: 0n,
      memmapPaddr: BigInt(map),
      memmapEntries: entries.length,
      reserved: 0,
    }),
  );
  entries.forEach((bytes, i) => put(map + i * memmapEntry.size, bytes));
  put(text, line);
  put(gdtBase, new Uint8Array(flatGdt.buffer));
  return initialRegisters(entry, info, gdtBase);
}
