// A unikernel: what its file says, checked. Which target and ABI version it was built for, what it declares, where
// it lies in memory. docs/abi.md 1.2 to 1.4.
import { guestMinBase } from "../abi/start.js";
import type { Isa } from "../abi/elf.js";
import { abi1, noteDescMax, noteName, noteType, targets, type TargetName } from "../abi/notes.js";
import { alignUp, pageSize } from "../bytes/align.js";
import { Solo5Error } from "../bytes/error.js";
import { viewOf } from "../bytes/struct.js";
import { hex } from "../bytes/text.js";
import { pageEnd, readElf, type Elf, type LoadSegment } from "./elf.js";
import { readGenode } from "./genode.js";
import { readManifest, type Device } from "./manifest.js";
import { symbols, type ElfSymbol } from "./symbols.js";

/** What a unikernel's file says. */
export interface Unikernel {
  /** What messages call the file. */
  readonly name: string;
  readonly file: Uint8Array;
  readonly isa: Isa;
  readonly target: TargetName;
  readonly abiVersion: number;
  readonly devices: readonly Device[];
  /** Guest address of the first instruction. */
  readonly entry: number;
  /** Segments with bytes from the file, by ascending address, no two on one page. */
  readonly segments: readonly LoadSegment[];
  /** Highest page end of `segments`, which the boot information calls kernel_end: .bss is not in it. */
  readonly kernelEnd: number;
  /** Highest page end of all segments, .bss included: memory must be larger than this. */
  readonly imageEnd: number;
  /** Reads the symbol table, which few need. */
  symbols(): readonly ElfSymbol[];
}

/** The ABI1 note's content. Throws Solo5Error `NO_ABI`, `BAD_ABI`. */
export function readAbi(elf: Elf, name: string): { target: TargetName; version: number } {
  const note = elf.notes.find((candidate) => candidate.name === noteName && candidate.type === noteType.abi1);
  if (note === undefined) {
    throw new Solo5Error("NO_ABI", `${name}: No Solo5 ABI information found in executable`);
  }
  if (note.desc.length < abi1.size || note.desc.length > noteDescMax.abi1) {
    throw new Solo5Error(
      "BAD_ABI",
      `${name}: Solo5 ABI note has ${note.desc.length} bytes, expected ${abi1.size}`,
    );
  }
  const { target: number, version } = abi1.read(viewOf(note.desc), 0);
  const target = (Object.keys(targets) as TargetName[]).find((key) => targets[key].number === number);
  if (target === undefined)
    throw new Solo5Error("BAD_ABI", `${name}: Solo5 ABI note names target ${number}, which is unknown`);
  return { target, version };
}

/** The MFT1 note's content. Throws Solo5Error `NO_MANIFEST`, `BAD_MANIFEST`. */
export function readDevices(elf: Elf, name: string): readonly Device[] {
  const note = elf.notes.find((candidate) => candidate.name === noteName && candidate.type === noteType.mft1);
  if (note === undefined)
    throw new Solo5Error("NO_MANIFEST", `${name}: No Solo5 manifest found in executable`);
  return checkManifest(note.desc, name);
}

/** The content of a manifest's descriptor. Throws Solo5Error `BAD_MANIFEST`. */
function checkManifest(desc: Uint8Array, name: string): readonly Device[] {
  const devices = desc.length > noteDescMax.mft1 ? `${desc.length} bytes are too many` : readManifest(desc);
  if (typeof devices === "string") {
    throw new Solo5Error("BAD_MANIFEST", `${name}: Solo5 manifest is invalid: ${devices}`);
  }
  return devices;
}

/**
 * Reads a unikernel, which must be for the target `wanted` where that is given. Throws Solo5Error with one line that
 * names the file, the field and the value.
 */
export function readUnikernel(file: Uint8Array, name: string, wanted?: TargetName): Unikernel {
  const elf = readElf(file, name);
  // Of all shared objects those for Genode alone are ours, and they have no notes.
  const genode = elf.dynamic ? readGenode(elf, name) : undefined;
  const { target, version } =
    genode === undefined ? readAbi(elf, name) : ({ target: "genode", version: 1 } as const);
  if (wanted !== undefined && target !== wanted)
    throw new Solo5Error("TARGET", `${name}: Executable is not for the solo5-${wanted} target`);
  if (!(targets[target].versions as readonly number[]).includes(version)) {
    throw new Solo5Error("ABI_VERSION", `${name}: Executable requests unsupported ABI version ${version}`);
  }
  const devices = genode === undefined ? readDevices(elf, name) : checkManifest(genode.manifest, name);
  const entry = genode?.entry ?? elf.entry;
  const segments = checkSegments(elf, entry, name);
  const kernelEnd = Math.max(
    ...segments.map((segment) => pageEnd({ ...segment, memsz: segment.data.length })),
  );
  return {
    name,
    file,
    isa: elf.isa,
    target,
    abiVersion: version,
    devices,
    entry,
    segments,
    kernelEnd,
    imageEnd: Math.max(...elf.loads.map(pageEnd)),
    symbols: () => symbols(file, elf),
  };
}

/** Holds every PT_LOAD to the rules that loaders rely on; gives those with bytes from the file. */
function checkSegments(elf: Elf, entry: number, name: string): readonly LoadSegment[] {
  const bad = (what: string): Solo5Error => new Solo5Error("BAD_ELF", `${name}: ${what}`);
  let end = 0;
  const filled = elf.loads.filter((segment) => segment.data.length > 0);
  for (const { vaddr, data, memsz, align, write, execute } of filled) {
    if (vaddr < guestMinBase) throw bad(`segment at ${hex(vaddr)} lies below ${hex(guestMinBase)}`);
    if (align > 1 && 2 ** Math.round(Math.log2(align)) !== align)
      throw bad(`segment at ${hex(vaddr)}: p_align ${hex(align)} is no power of two`);
    if (Math.floor(vaddr / pageSize) * pageSize < end)
      throw bad(`segment at ${hex(vaddr)} shares a page with the one before it, or is out of order`);
    if (write && execute) throw bad(`segment at ${hex(vaddr)} is both writable and executable`);
    end = alignUp(vaddr + Math.max(data.length, memsz), pageSize);
  }
  for (const { vaddr, memsz, data } of elf.loads) {
    if (data.length === 0 && memsz > 0 && vaddr < guestMinBase) {
      throw bad(`segment at ${hex(vaddr)} lies below ${hex(guestMinBase)}`);
    }
  }
  if (filled.length === 0) throw bad("no PT_LOAD segment has any bytes");
  if (!filled.some(({ vaddr, data }) => entry >= vaddr && entry < vaddr + data.length))
    throw bad(`e_entry ${hex(entry)} lies in no segment`);
  return filled;
}
