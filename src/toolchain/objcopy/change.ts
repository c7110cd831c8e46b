// Drops sections and hides symbols of an ELF64 file, as objcopy and strip do: what a build of unikernels needs of them
// where the host has none. System V gABI chapters 4 and 5. Segments keep their bytes and places.
import { ehdr, elfClass64, elfMagic, sectionType } from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { viewOf } from "../../bytes/struct.js";
import type { Changes } from "./changes.js";
import { layOut } from "./lay-out.js";
import { contentOf, flag, isRelocation, readSections, type, type Section } from "./section.js";
import { editSections, keptSections, renumberGroup } from "./sections.js";
import { stringTables } from "./string-tables.js";
import { neededSymbols, renumberRelocations, renumberSymbols } from "./symbols.js";

const relocatable = 1;

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
      isRelocation(section) || (section.flags & flag.infoIsSection) !== 0n
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
