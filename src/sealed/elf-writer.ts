// Writes a static ELF64 executable: segments at fixed addresses, and the sections of another file carried over, so
// that debuggers find its symbols. System V gABI chapters 4 and 5.
import { alignUp, pageSize } from "../bytes/align.js";
import { viewOf, type ValueOf } from "../bytes/struct.js";
import {
  ehdr,
  ehdrCommon,
  elfType,
  machine,
  phdr,
  sectionType,
  segmentFlag,
  segmentType,
  shdr,
  type Isa,
} from "../abi/elf.js";

/** A segment that begins on a page; its memory is `data` and nothing more. */
export interface WritableSegment {
  readonly vaddr: number;
  readonly data: Uint8Array;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

interface ExecutableOptions {
  readonly isa: Isa;
  readonly entry: number;
  /** By ascending address. */
  readonly segments: readonly WritableSegment[];
  /** A file whose sections describe the segments' contents, if there is one. */
  readonly describedBy: Uint8Array | undefined;
}

export function writeExecutable({ isa, entry, segments, describedBy }: ExecutableOptions): Uint8Array {
  let end = alignUp(ehdr.size + (segments.length + 1) * phdr.size, pageSize);
  const placed = segments.map((segment) => {
    const offset = end;
    end = alignUp(end + segment.data.length, pageSize);
    return { ...segment, offset };
  });
  const sections = carrySections(describedBy, placed, end);
  const file = new Uint8Array(sections.end);
  const view = viewOf(file);
  const original =
    describedBy !== undefined && sections.headers.length > 0 ? ehdr.read(viewOf(describedBy), 0) : undefined;
  ehdr.write(view, 0, {
    ...ehdrCommon,
    type: elfType.exec,
    machine: machine[isa],
    entry: BigInt(entry),
    shoff: original === undefined ? 0n : BigInt(sections.headersAt),
    phnum: segments.length + 1,
    shentsize: shdr.size,
    shnum: sections.headers.length,
    shstrndx: original?.shstrndx ?? 0,
  });
  placed.forEach(({ vaddr, data, offset, read, write, execute }, i) => {
    const size = BigInt(data.length);
    phdr.write(view, ehdr.size + i * phdr.size, {
      type: segmentType.load,
      flags:
        (read ? segmentFlag.read : 0) | (write ? segmentFlag.write : 0) | (execute ? segmentFlag.execute : 0),
      offset: BigInt(offset),
      vaddr: BigInt(vaddr),
      paddr: BigInt(vaddr),
      filesz: size,
      memsz: size,
      align: BigInt(pageSize),
    });
    file.set(data, offset);
  });
  // Without this header the kernel would make every readable page executable.
  const stack = { offset: 0n, vaddr: 0n, paddr: 0n, filesz: 0n, memsz: 0n, align: 16n };
  const flags = segmentFlag.read | segmentFlag.write;
  phdr.write(view, ehdr.size + placed.length * phdr.size, { type: segmentType.gnuStack, flags, ...stack });
  for (const { data, at } of sections.contents) file.set(data, at);
  sections.headers.forEach((header, i) => shdr.write(view, sections.headersAt + i * shdr.size, header));
  return file;
}

type SectionHeader = ValueOf<typeof shdr>;
interface Sections {
  readonly headers: readonly SectionHeader[];
  readonly headersAt: number;
  readonly contents: readonly { readonly data: Uint8Array; readonly at: number }[];
  readonly end: number;
}

/** Sections in a segment point there; the others' bytes follow the segments. Nonsense gives a file without sections. */
function carrySections(
  file: Uint8Array | undefined,
  segments: readonly (WritableSegment & { readonly offset: number })[],
  start: number,
): Sections {
  const none: Sections = { headers: [], headersAt: 0, contents: [], end: start };
  if (file === undefined) return none;
  const { shoff, shnum, shentsize } = ehdr.read(viewOf(file), 0);
  const inside = (offset: bigint, size: bigint): boolean => offset + size <= BigInt(file.length);
  if (shnum === 0 || shentsize !== shdr.size || !inside(shoff, BigInt(shnum * shdr.size))) return none;
  let end = start;
  const contents: { data: Uint8Array; at: number }[] = [];
  const headers: SectionHeader[] = [];
  for (let i = 0; i < shnum; i++) {
    const header = shdr.read(viewOf(file), Number(shoff) + i * shdr.size);
    const address = Number(header.addr);
    const home = segments.find(({ vaddr, data }) => address >= vaddr && address < vaddr + data.length);
    if (header.type === sectionType.null || header.type === sectionType.nobits) {
      headers.push(header);
    } else if (address !== 0 && home !== undefined) {
      headers.push({ ...header, offset: BigInt(home.offset + address - home.vaddr) });
    } else {
      if (!inside(header.offset, header.size)) return none;
      const data = file.subarray(Number(header.offset), Number(header.offset + header.size));
      const at = alignUp(end, 8);
      contents.push({ data, at });
      headers.push({ ...header, offset: BigInt(at) });
      end = at + data.length;
    }
  }
  const headersAt = alignUp(end, 8);
  return { headers, headersAt, contents, end: headersAt + shnum * shdr.size };
}
