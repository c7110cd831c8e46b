// Reads an ELF64 file as far as a unikernel needs it: System V gABI chapters 4 and 5. The file is not trusted: each
// offset and length is checked here, once, and each error is one line with file, field and value.
import { alignUp, pageSize } from "../bytes/align.js";
import { Solo5Error } from "../bytes/error.js";
import { viewOf, type Field } from "../bytes/struct.js";
import { hex, textUntilNul } from "../bytes/text.js";
import {
  ehdr,
  elfClass64,
  elfDataLittle,
  elfMagic,
  elfType,
  machine,
  nhdr,
  phdr,
  segmentFlag,
  segmentType,
  type Isa,
} from "../abi/elf.js";

/** A part of the file with its place in memory. Addresses and sizes in bytes, exact integers. */
export interface LoadSegment {
  readonly vaddr: number;
  /** Bytes that come from the file; empty for .bss. */
  readonly data: Uint8Array;
  /** Size in memory, at least that of `data`; the rest is zero. */
  readonly memsz: number;
  readonly align: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

interface Note {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

export interface Elf {
  readonly isa: Isa;
  readonly dynamic: boolean;
  readonly entry: number;
  /** Every PT_LOAD in the order of the file, those without bytes from the file included. */
  readonly loads: readonly LoadSegment[];
  readonly tls: LoadSegment | undefined;
  readonly dynamicSection: LoadSegment | undefined;
  readonly notes: readonly Note[];
  /** Where the section headers say they are, unchecked: `symbols` reads them if it can. */
  readonly sections: { readonly offset: number; readonly count: number };
}

/** Headers of memory, which have one shape. */
const memoryTypes: ReadonlySet<number> = new Set([segmentType.load, segmentType.tls, segmentType.dynamic]);

/** A unikernel has three or four notes; a hostile file could have every header lead to the same million. */
const noteCountMax = 256;

/** Reads `file`; `name` is what messages call it. Throws Solo5Error `BAD_ELF`. */
export function readElf(file: Uint8Array, name: string): Elf {
  const bad = (what: string): Solo5Error => new Solo5Error("BAD_ELF", `${name}: ${what}`);
  const safe = (value: bigint, field: string): number => {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw bad(`${field} is ${hex(value)}, beyond any address`);
    return Number(value);
  };
  const within = (offset: number, size: number, field: string): Uint8Array => {
    if (offset + size > file.length) {
      throw bad(
        `${field} at ${hex(offset)}, ${hex(size)} bytes, beyond the file's end at ${hex(file.length)}`,
      );
    }
    return file.subarray(offset, offset + size);
  };
  const readStruct = <T>(layout: Field<T>, at: number, field: string): T =>
    layout.read(viewOf(within(at, layout.size, field)), 0);

  if (file.length < 4 || viewOf(file).getUint32(0, true) !== elfMagic) throw bad("Not an ELF executable");
  const header = readStruct(ehdr, 0, "ELF header");
  if (header.class !== elfClass64) throw bad(`e_ident[EI_CLASS] is ${header.class}, expected 2 (64-bit)`);
  if (header.data !== elfDataLittle)
    throw bad(`e_ident[EI_DATA] is ${header.data}, expected 1 (little endian)`);
  const isa = (Object.keys(machine) as Isa[]).find((key) => machine[key] === header.machine);
  if (isa === undefined) throw bad(`e_machine is ${header.machine}, expected 62 (x86-64) or 183 (aarch64)`);
  if (header.type !== elfType.exec && header.type !== elfType.dyn)
    throw bad(`e_type is ${header.type}, expected 2 (ET_EXEC)`);
  if (header.phentsize !== phdr.size) throw bad(`e_phentsize is ${header.phentsize}, expected ${phdr.size}`);

  const phoff = safe(header.phoff, "e_phoff");
  within(phoff, header.phnum * phdr.size, "program headers");
  const loads: LoadSegment[] = [];
  const notes: Note[] = [];
  const others: { tls?: LoadSegment; dynamicSection?: LoadSegment } = {};
  for (let i = 0; i < header.phnum; i++) {
    const ph = phdr.read(viewOf(file), phoff + i * phdr.size);
    const field = (what: string): string => `program header ${i}: ${what}`;
    const filesz = safe(ph.filesz, field("p_filesz"));
    const offset = safe(ph.offset, field("p_offset"));
    if (ph.type === segmentType.note) {
      readNotes(within(offset, filesz, field("notes")), (what) => bad(field(what)), notes);
    } else if (memoryTypes.has(ph.type)) {
      const segment: LoadSegment = {
        vaddr: safe(ph.vaddr, field("p_vaddr")),
        data: within(filesz === 0 ? 0 : offset, filesz, field("segment")),
        memsz: safe(ph.memsz, field("p_memsz")),
        align: safe(ph.align, field("p_align")),
        read: (ph.flags & segmentFlag.read) !== 0,
        write: (ph.flags & segmentFlag.write) !== 0,
        execute: (ph.flags & segmentFlag.execute) !== 0,
      };
      if (segment.memsz < filesz)
        throw bad(field(`p_memsz ${hex(segment.memsz)} is below p_filesz ${hex(filesz)}`));
      if (ph.type === segmentType.load) loads.push(segment);
      else if (ph.type === segmentType.tls) others.tls = segment;
      else others.dynamicSection = segment;
    }
  }
  return {
    isa,
    dynamic: header.type === elfType.dyn,
    entry: safe(header.entry, "e_entry"),
    loads,
    tls: others.tls,
    dynamicSection: others.dynamicSection,
    notes,
    sections: { offset: Number(header.shoff), count: header.shentsize === 64 ? header.shnum : 0 },
  };
}

/** Notes in any order, several to a header; 4-byte aligned, as Solo5 and the BSDs write them. */
function readNotes(data: Uint8Array, bad: (what: string) => Solo5Error, notes: Note[]): void {
  let at = 0;
  while (at < data.length) {
    if (at + nhdr.size > data.length)
      throw bad(`note does not fall within valid size: header at ${hex(at)} of ${hex(data.length)} bytes`);
    const { namesz, descsz, type } = nhdr.read(viewOf(data), at);
    const nameAt = at + nhdr.size;
    const descAt = nameAt + alignUp(namesz, 4);
    if (descAt + descsz > data.length) {
      throw bad(
        `note does not fall within valid size: n_namesz ${namesz} and n_descsz ${descsz} at ${hex(at)} of ${hex(data.length)} bytes`,
      );
    }
    if (notes.length === noteCountMax) throw bad(`more than ${noteCountMax} notes`);
    notes.push({
      name: textUntilNul(data.subarray(nameAt, nameAt + namesz)),
      type,
      desc: data.subarray(descAt, descAt + descsz),
    });
    at = descAt + alignUp(descsz, 4);
  }
}

/** The end of a segment's last page. */
export const pageEnd = (segment: LoadSegment): number => alignUp(segment.vaddr + segment.memsz, pageSize);
