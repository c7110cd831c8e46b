// Drops sections and hides symbols of an ELF64 file, as objcopy and strip do: what a build of unikernels needs of them
// where the host has none. System V gABI chapters 4 and 5. Segments keep their bytes and places.
import { ehdr, elfClass64, elfMagic, phdr, sectionType, shdr, sym } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import { struct, u64, viewOf, type ValueOf } from "../bytes/struct.js";

export interface Changes {
  /** Drop symbols and all that is not loaded; of a relocatable file, which needs its symbols, only `debug`. */
  readonly stripAll?: boolean;
  /** Drop debug information. */
  readonly debug?: boolean;
  /** Drop these sections. */
  readonly remove?: (section: string) => boolean;
  /** Make these global symbols local. */
  readonly localize?: (symbol: string) => boolean;
}

type Section = ValueOf<typeof shdr> & { readonly index: number; readonly label: string };

const relocatable = 1;
const rela = struct(24, { offset: u64, info: u64, addend: u64 });
/** Section types beyond those of unikernels. */
const type = { rela: 4, rel: 9, group: 17, addrsig: 0x6fff4c03 } as const;
const allocated = 2n;
const infoIsSection = 0x40n;
/** Section numbers from here on are no sections: absolute, common. */
const reservedIndex = 0xff00;
/** Of a section in a file; more would only serve to make the file large. */
const maxAlignment = 0x10000n;
const symbolBinding = { local: 0 } as const;

/** The changed file. Throws Solo5Error `BAD_ELF` if `data` is no ELF64 file or contradicts itself. */
export function changeElf(data: Uint8Array, changes: Changes): Uint8Array {
  try {
    return change(data, changes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Solo5Error("BAD_ELF", "the file is cut short", { cause });
  }
}

function change(data: Uint8Array, changes: Changes): Uint8Array {
  const view = viewOf(data);
  const header = ehdr.read(view, 0);
  if (header.magic !== elfMagic || header.class !== elfClass64 || header.shnum === 0) {
    throw new Solo5Error("BAD_ELF", "not an ELF64 file with sections");
  }
  const sections = readSections(data, header);
  const kept = keptSections(sections, changes, header.type === relocatable);
  const newIndex = new Map(kept.map(({ index }, i) => [index, i]));

  const contents = new Map(kept.map((section) => [section.index, contentOf(data, section)]));
  const infos = new Map(kept.map(({ index, info }) => [index, info]));
  for (const table of kept.filter((section) => section.type === sectionType.symtab)) {
    const symbols = renumberSymbols(data, table, sections, newIndex, changes);
    contents.set(table.index, symbols.content);
    infos.set(table.index, symbols.firstGlobal);
    for (const user of kept.filter(({ link }) => link === table.index)) {
      const content = contents.get(user.index) ?? new Uint8Array();
      if (user.type === type.rela) renumberRelocations(content, symbols.renumber);
      if (user.type === type.group) infos.set(user.index, symbols.renumber(user.info));
    }
  }
  for (const group of kept.filter((section) => section.type === type.group)) {
    contents.set(group.index, renumberGroup(contents.get(group.index) ?? new Uint8Array(), newIndex));
  }
  const headers = kept.map((section) => ({
    ...section,
    link: newIndex.get(section.link) ?? 0,
    info:
      section.type === type.rela || section.type === type.rel || (section.flags & infoIsSection) !== 0n
        ? (newIndex.get(section.info) ?? 0)
        : (infos.get(section.index) ?? 0),
    size:
      section.type === sectionType.nobits ? section.size : BigInt(contents.get(section.index)?.length ?? 0),
  }));
  return layOut(data, header, headers, contents, newIndex.get(header.shstrndx) ?? 0);
}

function readSections(data: Uint8Array, header: ValueOf<typeof ehdr>): readonly Section[] {
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

function stringAt(data: Uint8Array, at: number): string {
  const end = data.indexOf(0, at);
  return new TextDecoder("latin1").decode(data.subarray(at, end < 0 ? data.length : end));
}

/** A copy of a section's bytes in the file. */
function contentOf(data: Uint8Array, { type: kind, offset, size }: Section): Uint8Array {
  if (kind === sectionType.nobits || kind === sectionType.null) return new Uint8Array();
  if (offset + size > BigInt(data.length)) throw new RangeError("section beyond the end of the file");
  return data.slice(Number(offset), Number(offset + size));
}

const isDebug = (name: string): boolean => /^\.(?:z?debug_|gdb_index|stab)/.test(name);

function keptSections(
  sections: readonly Section[],
  { stripAll = false, debug = false, remove = () => false, localize }: Changes,
  isRelocatable: boolean,
): readonly Section[] {
  const isDropped = ({ label, flags, type: kind, index }: Section): boolean => {
    if (index === 0) return false;
    if (remove(label)) return true;
    if ((debug || stripAll) && isDebug(label)) return true;
    // Clang's list of symbols by number is a hint that a linker can do without.
    if (kind === type.addrsig) return debug || stripAll || localize !== undefined;
    return stripAll && !isRelocatable && (flags & allocated) === 0n && label !== ".shstrtab";
  };
  const dropped = new Set(sections.filter(isDropped).map(({ index }) => index));
  return sections.filter(
    (section) =>
      !dropped.has(section.index) &&
      !((section.type === type.rela || section.type === type.rel) && dropped.has(section.info)),
  );
}

interface Symbols {
  readonly content: Uint8Array;
  readonly firstGlobal: number;
  renumber(index: number): number;
}

/** Drops the symbols of dropped sections, makes local what shall be, and puts the local ones first, as they must be. */
function renumberSymbols(
  data: Uint8Array,
  table: Section,
  sections: readonly Section[],
  newIndex: ReadonlyMap<number, number>,
  { localize = () => false }: Changes,
): Symbols {
  const content = contentOf(data, table);
  const view = viewOf(content);
  const strings = Number(sections[table.link]?.offset ?? 0n);
  const isSection = (index: number): boolean => index > 0 && index < reservedIndex;
  const symbols = Array.from({ length: Math.floor(content.length / sym.size) }, (_, old) => {
    const symbol = sym.read(view, old * sym.size);
    const hide =
      symbol.shndx !== 0 && symbol.info >> 4 !== 0 && localize(stringAt(data, strings + symbol.name));
    return { ...symbol, old, info: hide ? symbol.info & 15 : symbol.info };
  }).filter(({ shndx }) => !isSection(shndx) || newIndex.has(shndx));
  const isLocal = ({ info }: { readonly info: number }): boolean => info >> 4 === symbolBinding.local;
  const locals = symbols.filter(isLocal);
  const ordered = [...locals, ...symbols.filter((symbol) => !isLocal(symbol))];
  const numbers = new Map(ordered.map(({ old }, i) => [old, i]));

  const result = new Uint8Array(ordered.length * sym.size);
  for (const [i, symbol] of ordered.entries()) {
    const shndx = isSection(symbol.shndx) ? (newIndex.get(symbol.shndx) ?? 0) : symbol.shndx;
    sym.write(viewOf(result), i * sym.size, { ...symbol, shndx });
  }
  return {
    content: result,
    firstGlobal: locals.length,
    renumber: (old) => {
      const found = numbers.get(old);
      if (found === undefined) throw new Solo5Error("BAD_ELF", `symbol ${old} is needed by a relocation`);
      return found;
    },
  };
}

function renumberRelocations(content: Uint8Array, renumber: (index: number) => number): void {
  const view = viewOf(content);
  for (let at = 0; at + rela.size <= content.length; at += rela.size) {
    const entry = rela.read(view, at);
    const symbol = BigInt(renumber(Number(entry.info >> 32n)));
    rela.write(view, at, { ...entry, info: (symbol << 32n) | (entry.info & 0xffffffffn) });
  }
}

/** A group is a word of flags, then its sections' numbers. */
function renumberGroup(content: Uint8Array, newIndex: ReadonlyMap<number, number>): Uint8Array {
  const view = viewOf(content);
  const words = Array.from({ length: content.length / 4 }, (_, i) => view.getUint32(i * 4, true));
  const [flags = 0, ...members] = words;
  const kept = [flags, ...members.flatMap((index) => newIndex.get(index) ?? [])];
  const result = new Uint8Array(kept.length * 4);
  for (const [i, word] of kept.entries()) viewOf(result).setUint32(i * 4, word, true);
  return result;
}

/** What segments cover stays where it is; the rest follows, then the section headers. */
function layOut(
  data: Uint8Array,
  header: ValueOf<typeof ehdr>,
  headers: readonly Section[],
  contents: ReadonlyMap<number, Uint8Array>,
  shstrndx: number,
): Uint8Array {
  const phoff = Number(header.phoff);
  const segments = Array.from({ length: header.phnum }, (_, i) =>
    phdr.read(viewOf(data), phoff + i * phdr.size),
  );
  const covered = [
    ehdr.size,
    phoff + header.phnum * phdr.size,
    ...segments.filter(({ filesz }) => filesz > 0n).map(({ offset, filesz }) => Number(offset + filesz)),
  ].reduce((a, b) => Math.max(a, b), 0);
  if (covered > data.length) throw new RangeError("segment beyond the end of the file");

  let end = covered;
  const place = (size: number, align: number): number => {
    const at = Math.ceil(end / align) * align;
    end = at + size;
    return at;
  };
  const placed = headers.map((section) => {
    const content = contents.get(section.index) ?? new Uint8Array();
    const stays = segments.length > 0 && (section.flags & allocated) !== 0n;
    if (stays || content.length === 0) return section;
    if (section.addralign > maxAlignment) throw new RangeError("section of an absurd alignment");
    return { ...section, offset: BigInt(place(content.length, Math.max(1, Number(section.addralign)))) };
  });
  const shoff = place(placed.length * shdr.size, 8);

  const result = new Uint8Array(end);
  result.set(data.subarray(0, covered));
  for (const [i, section] of placed.entries()) {
    const content = contents.get(section.index) ?? new Uint8Array();
    const at = Number(section.offset);
    if (content.length > 0 && at >= covered) result.set(content, at);
    shdr.write(viewOf(result), shoff + i * shdr.size, section);
  }
  ehdr.write(viewOf(result), 0, { ...header, shoff: BigInt(shoff), shnum: placed.length, shstrndx });
  return result;
}
