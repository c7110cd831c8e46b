// Sections of an ELF64 file as they are read, and their kinds beyond those of unikernels. System V gABI, chapter 4.
import { sectionType, shdr, type ehdr } from "../../abi/elf.js";
import { viewOf, type ValueOf } from "../../bytes/struct.js";

export type Section = ValueOf<typeof shdr> & { readonly index: number; readonly label: string };

/** Section types beyond those of unikernels. */
export const type = { rela: 4, rel: 9, group: 17, addrsig: 0x6fff4c03 } as const;
/** SHF_*. */
export const flag = { allocated: 2n, infoIsSection: 0x40n } as const;

export function readSections(data: Uint8Array, header: ValueOf<typeof ehdr>): readonly Section[] {
  const view = viewOf(data);
  const raw = Array.from({ length: header.shnum }, (_, i) =>
    shdr.read(view, Number(header.shoff) + i * shdr.size),
  );
  const names = raw[header.shstrndx];
  return raw.map((section, index) => ({
    ...section,
    index,
    label: names === undefined ? "" : stringAt(data, Number(names.offset) + section.name),
  }));
}

export function stringAt(data: Uint8Array, at: number): string {
  const end = data.indexOf(0, at);
  // Not TextDecoder's latin1, which is Windows-1252.
  return Buffer.from(data.subarray(at, end < 0 ? data.length : end)).toString("latin1");
}

/** A copy of a section's bytes in the file. */
export function contentOf(data: Uint8Array, { type: kind, offset, size }: Section): Uint8Array {
  if (kind === sectionType.nobits || kind === sectionType.null) return new Uint8Array();
  if (offset + size > BigInt(data.length)) throw new RangeError("section beyond the end of the file");
  return data.slice(Number(offset), Number(offset + size));
}

/** Of symbols and strings, for this file and no debugger. */
export const isTable = (section: Section): boolean =>
  (section.type === sectionType.symtab || section.type === sectionType.strtab) && !isAllocated(section);

export const isAllocated = ({ flags }: Section): boolean => (flags & flag.allocated) !== 0n;

export const isRelocation = ({ type: kind }: Section): boolean => kind === type.rela || kind === type.rel;
