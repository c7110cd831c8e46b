// Drops sections and hides symbols of an ELF64 file, as objcopy and strip do: what a build of unikernels needs of them
// where the host has none. System V gABI chapters 4 and 5. Segments keep their bytes and places.
import { ehdr, elfClass64, elfMagic, phdr, sectionType, shdr, sym } from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { struct, u64, viewOf, type ValueOf } from "../../bytes/struct.js";

type IsNamed = (name: string) => boolean;

/** What of GNU objcopy's options a change consists of, in the manual's words. */
export interface Changes {
  /** Drop symbols and all that is not loaded; of a relocatable file, which needs its symbols, only `debug`. */
  readonly stripAll?: boolean;
  /** Drop debug information. */
  readonly debug?: boolean;
  /** Drop symbols that no relocation needs, and `debug`. */
  readonly unneeded?: boolean;
  /** Drop local symbols, or those of them that compilers made (`.L`). */
  readonly discard?: "all" | "labels";
  /** Make sections that are loaded empty: what is left is for a debugger. */
  readonly onlyKeepDebug?: boolean;
  /** Drop all other sections, drop these, or keep these whatever else is asked. */
  readonly only?: IsNamed;
  readonly remove?: IsNamed;
  readonly keepSection?: IsNamed;
  readonly stripSymbol?: IsNamed;
  readonly keepSymbol?: IsNamed;
  /** Change the binding of these symbols. */
  readonly localize?: IsNamed;
  readonly globalize?: IsNamed;
  readonly weaken?: IsNamed;
  readonly symbolName?: (name: string) => string;
  readonly sectionName?: (name: string, isAllocated: boolean) => string;
  /** By the old name. */
  readonly sectionFlags?: (name: string) => SectionFlags | undefined;
  readonly add?: readonly NewSection[];
  readonly update?: readonly NewSection[];
}

export interface NewSection {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface SectionFlags {
  /** SHF_*. */
  readonly flags: bigint;
  /** Whether the file has its bytes. */
  readonly contents: boolean;
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
const symbolBinding = { local: 0, global: 1, weak: 2 } as const;
const symbolKind = { section: 3, file: 4 } as const;
const noteType = 7;

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
  const isRelocatable = header.type === relocatable;
  const old = keptSections(sections, changes, isRelocatable, header.shstrndx);
  const contents = new Map(old.map((section) => [section.index, contentOf(data, section)]));
  const names = stringTables(contents);
  const kept = editSections(old, changes, contents, names, header);
  const newIndex = new Map(kept.map(({ index }, i) => [index, i]));
  const infos = new Map(kept.map(({ index, info }) => [index, info]));
  for (const table of kept.filter((section) => section.type === sectionType.symtab)) {
    const needed = neededSymbols(kept, contents, table.index);
    const symbols = renumberSymbols(data, table, sections, newIndex, {
      changes,
      isRelocatable,
      needed,
      names,
    });
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
  }));
  names.store();
  const sized = headers.map((each) => ({ ...each, size: sizeOf(each, contents) }));
  return layOut(
    data,
    header,
    sized,
    contents,
    newIndex.get(header.shstrndx) ?? 0,
    changes.onlyKeepDebug === true,
  );
}

const sizeOf = (section: Section, contents: ReadonlyMap<number, Uint8Array>): bigint =>
  section.type === sectionType.nobits ? section.size : BigInt(contents.get(section.index)?.length ?? 0);

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
  // Not TextDecoder's latin1, which is Windows-1252.
  return Buffer.from(data.subarray(at, end < 0 ? data.length : end)).toString("latin1");
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
  changes: Changes,
  isRelocatable: boolean,
  shstrndx: number,
): readonly Section[] {
  const { stripAll = false, debug = false, unneeded = false, localize } = changes;
  const { remove = () => false, only, keepSection = () => false } = changes;
  const dropsDebug = debug || stripAll || unneeded || changes.discard === "all";
  /** Where every symbol goes, so does their table. */
  const dropsTables = (stripAll || unneeded) && !isRelocatable && changes.keepSymbol === undefined;
  const isDropped = (section: Section): boolean => {
    const { label, type: kind, index } = section;
    if (index === 0 || keepSection(label)) return false;
    if (remove(label)) return true;
    if (only !== undefined && !only(label) && !isTable(section) && !isRelocation(section)) return true;
    if (dropsDebug && isDebug(label)) return true;
    // Clang's list of symbols by number is a hint that a linker can do without, and says nothing of new numbers.
    if (kind === type.addrsig)
      return isRelocatable && (dropsDebug || only !== undefined || reorders(changes, localize));
    return dropsTables && isTable(section) && index !== shstrndx;
  };
  const dropped = new Set(sections.filter(isDropped).map(({ index }) => index));
  return sections.filter(
    (section) =>
      !dropped.has(section.index) &&
      !(
        isRelocation(section) &&
        (dropped.has(section.info) || (section.link !== 0 && dropped.has(section.link)))
      ),
  );
}

/** Of symbols and strings, for this file and no debugger. */
const isTable = (section: Section): boolean =>
  (section.type === sectionType.symtab || section.type === sectionType.strtab) && !isAllocated(section);

const isAllocated = ({ flags }: Section): boolean => (flags & allocated) !== 0n;

const isRelocation = ({ type: kind }: Section): boolean => kind === type.rela || kind === type.rel;

/** Whether symbols get other numbers. */
const reorders = ({ globalize, stripSymbol, discard }: Changes, localize: IsNamed | undefined): boolean =>
  [globalize, stripSymbol, discard, localize].some((change) => change !== undefined);

/** String tables anew, with what is still in use: those of sections' names and of symbols. */
interface StringTables {
  /** The offset of `text` in the string table `index`. */
  add(index: number, text: string): number;
  /** Puts the tables into the contents. */
  store(): void;
}

function stringTables(contents: Map<number, Uint8Array>): StringTables {
  const made = new Map<number, { texts: string[]; length: number; readonly at: Map<string, number> }>();
  return {
    add(index, text) {
      const table = made.get(index) ?? { texts: [""], length: 1, at: new Map([["", 0]]) };
      made.set(index, table);
      const known = table.at.get(text);
      if (known !== undefined) return known;
      const at = table.length;
      table.at.set(text, at);
      table.texts.push(text);
      table.length += text.length + 1;
      return at;
    },
    store() {
      for (const [index, { texts }] of made)
        contents.set(index, Buffer.from(`${texts.join("\0")}\0`, "latin1"));
    },
  };
}

/** Names, flags and contents as they shall be, and sections that are new. */
function editSections(
  sections: readonly Section[],
  {
    sectionName = (name) => name,
    sectionFlags = () => undefined,
    add = [],
    update = [],
    onlyKeepDebug,
  }: Changes,
  contents: Map<number, Uint8Array>,
  names: StringTables,
  { shstrndx, phnum }: ValueOf<typeof ehdr>,
): readonly Section[] {
  /** Relocations are named after what they are for; tables keep their names. */
  const nameOf = (section: Section): string => {
    const target = isRelocation(section) ? sections.find(({ index }) => index === section.info) : undefined;
    if (target !== undefined && section.label.endsWith(target.label)) {
      return section.label.slice(0, section.label.length - target.label.length) + nameOf(target);
    }
    return isTable(section) ? section.label : sectionName(section.label, isAllocated(section));
  };
  const edited = sections.map((section): Section => {
    const { index, label } = section;
    if (index === 0) return { ...section, name: names.add(shstrndx, section.label) };
    const isLoaded = isAllocated(section);
    const renamed = nameOf(section);
    const wanted = sectionFlags(label);
    const data = update.find(({ name }) => name === label)?.data;
    if (data !== undefined) {
      if (isLoaded && phnum > 0 && BigInt(data.length) !== section.size) {
        throw new Solo5Error(
          "USAGE",
          `section ${label} has ${section.size} bytes, its update ${data.length}`,
        );
      }
      contents.set(index, data);
    }
    const empties = onlyKeepDebug === true && isLoaded && section.type !== noteType;
    if (empties) contents.set(index, new Uint8Array());
    return {
      ...section,
      label: renamed,
      name: names.add(shstrndx, renamed),
      ...(wanted === undefined ? {} : { flags: wanted.flags }),
      ...(wanted?.contents === true && section.type === sectionType.nobits
        ? { type: sectionType.progbits }
        : {}),
      ...(empties ? { type: sectionType.nobits } : {}),
    };
  });
  const first = edited.reduce((max, { index }) => Math.max(max, index), 0) + 1;
  const added = add.map(({ name, data }, i): Section => {
    contents.set(first + i, data);
    const place = {
      name: names.add(shstrndx, name),
      type: sectionType.progbits,
      addr: 0n,
      offset: 0n,
      size: 0n,
    };
    const flags = sectionFlags(name)?.flags ?? 0n;
    return { ...place, flags, link: 0, info: 0, addralign: 1n, entsize: 0n, index: first + i, label: name };
  });
  return [...edited, ...added];
}

/** Numbers of the symbols of `table` that relocations name. */
function neededSymbols(
  sections: readonly Section[],
  contents: ReadonlyMap<number, Uint8Array>,
  table: number,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (const section of sections) {
    if (section.type !== type.rela || section.link !== table) continue;
    const content = contents.get(section.index) ?? new Uint8Array();
    for (let at = 0; at + rela.size <= content.length; at += rela.size) {
      found.add(Number(rela.read(viewOf(content), at).info >> 32n));
    }
  }
  for (const { type: kind, link, info } of sections)
    if (kind === type.group && link === table) found.add(info);
  return found;
}

interface Symbols {
  readonly content: Uint8Array;
  readonly firstGlobal: number;
  renumber(index: number): number;
}

interface SymbolContext {
  readonly changes: Changes;
  readonly isRelocatable: boolean;
  /** By number. */
  readonly needed: ReadonlySet<number>;
  readonly names: StringTables;
}

/** Drops symbols, changes their bindings and names, and puts the local ones first, as they must be. */
function renumberSymbols(
  data: Uint8Array,
  table: Section,
  sections: readonly Section[],
  newIndex: ReadonlyMap<number, number>,
  { changes, isRelocatable, needed, names }: SymbolContext,
): Symbols {
  const content = contentOf(data, table);
  const view = viewOf(content);
  const strings = Number(sections[table.link]?.offset ?? 0n);
  const isSection = (index: number): boolean => index > 0 && index < reservedIndex;
  const { symbolName = (name) => name } = changes;
  const symbols = Array.from({ length: Math.floor(content.length / sym.size) }, (_, old) => {
    const symbol = sym.read(view, old * sym.size);
    const label = symbol.name === 0 ? "" : stringAt(data, strings + symbol.name);
    return { ...symbol, old, label };
  })
    .filter(({ shndx }) => !isSection(shndx) || newIndex.has(shndx))
    .filter((symbol) => symbol.old === 0 || !isDroppedSymbol(symbol, changes, isRelocatable, needed))
    .map((symbol) => {
      const renamed = symbol.label === "" ? "" : symbolName(symbol.label);
      const name = names.add(table.link, renamed);
      return { ...symbol, name, info: (binding(symbol, changes) << 4) | (symbol.info & 15) };
    });
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

interface NamedSymbol {
  readonly label: string;
  readonly info: number;
  readonly shndx: number;
  readonly old: number;
}

/** GNU objcopy's rules: what relocations need stays, and a relocatable file keeps what others may want of it. */
function isDroppedSymbol(
  { label, info, shndx, old }: NamedSymbol,
  changes: Changes,
  isRelocatable: boolean,
  needed: ReadonlySet<number>,
): boolean {
  const {
    stripSymbol,
    keepSymbol,
    stripAll = false,
    debug = false,
    unneeded = false,
    discard,
    only,
  } = changes;
  if (keepSymbol?.(label) === true) return false;
  if (needed.has(old)) {
    if (stripSymbol?.(label) === true)
      throw new Solo5Error("USAGE", `symbol ${label} is needed by a relocation`);
    return false;
  }
  if (stripSymbol?.(label) === true) return true;
  const kind = info & 15;
  if (kind === symbolKind.section) return false;
  if (stripAll && !isRelocatable) return true;
  if (only !== undefined && (shndx === 0 || shndx >= reservedIndex)) return true;
  if (kind === symbolKind.file) return unneeded || debug || stripAll;
  if (info >> 4 !== symbolBinding.local) return unneeded && (!isRelocatable || shndx === 0);
  return unneeded || discard === "all" || (discard === "labels" && label.startsWith(".L"));
}

/** The binding of a symbol. What is not defined here stays somebody else's. */
function binding({ label, info, shndx }: NamedSymbol, changes: Changes): number {
  const old = info >> 4;
  const { localize, globalize, weaken } = changes;
  if (old === symbolBinding.global && weaken?.(label) === true) return symbolBinding.weak;
  if (shndx === 0 || label === "") return old;
  if (old !== symbolBinding.local && localize?.(label) === true) return symbolBinding.local;
  return old === symbolBinding.local && globalize?.(label) === true ? symbolBinding.global : old;
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
  empties: boolean,
): Uint8Array {
  const phoff = Number(header.phoff);
  const segments = Array.from({ length: header.phnum }, (_, i) =>
    phdr.read(viewOf(data), phoff + i * phdr.size),
  );
  const covered = [
    ehdr.size,
    phoff + header.phnum * phdr.size,
    ...(empties ? [] : segments)
      .filter(({ filesz }) => filesz > 0n)
      .map(({ offset, filesz }) => Number(offset + filesz)),
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
    const stays =
      !empties && segments.length > 0 && (section.flags & allocated) !== 0n && section.offset > 0n;
    if (stays) return section;
    // Nothing of it is in the file, and yet linkers look whether that ends before it.
    if (content.length === 0)
      return { ...section, offset: section.offset < BigInt(end) ? section.offset : BigInt(end) };
    if (section.addralign > maxAlignment) throw new RangeError("section of an absurd alignment");
    return { ...section, offset: BigInt(place(content.length, Math.max(1, Number(section.addralign)))) };
  });
  const shoff = place(placed.length * shdr.size, 8);

  const result = new Uint8Array(end);
  result.set(data.subarray(0, covered));
  for (const [i, section] of placed.entries()) {
    const content = contents.get(section.index) ?? new Uint8Array();
    const at = Number(section.offset);
    if (content.length > 0) result.set(content, at);
    shdr.write(viewOf(result), shoff + i * shdr.size, section);
  }
  for (const [i, segment] of (empties ? segments : []).entries()) {
    phdr.write(viewOf(result), phoff + i * phdr.size, { ...segment, filesz: 0n });
  }
  ehdr.write(viewOf(result), 0, { ...header, shoff: BigInt(shoff), shnum: placed.length, shstrndx });
  return result;
}
