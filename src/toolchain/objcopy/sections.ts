// Which sections stay, and how they are changed.
import { sectionType, type ehdr } from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { viewOf, type ValueOf } from "../../bytes/struct.js";
import type { Changes, IsNamed } from "./changes.js";
import { isAllocated, isRelocation, isTable, type, type Section } from "./section.js";
import type { StringTables } from "./string-tables.js";

const noteType = 7;

const isDebug = (name: string): boolean => /^\.(?:z?debug_|gdb_index|stab)/.test(name);

export function keptSections(
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

/** Whether symbols get other numbers. */
const reorders = ({ globalize, stripSymbol, discard }: Changes, localize: IsNamed | undefined): boolean =>
  [globalize, stripSymbol, discard, localize].some((change) => change !== undefined);

/** Names, flags and contents as they shall be, and sections that are new. */
export function editSections(
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

/** A group is a word of flags, then its sections' numbers. */
export function renumberGroup(content: Uint8Array, newIndex: ReadonlyMap<number, number>): Uint8Array {
  const view = viewOf(content);
  const words = Array.from({ length: content.length / 4 }, (_, i) => view.getUint32(i * 4, true));
  const [flags = 0, ...members] = words;
  const kept = [flags, ...members.flatMap((index) => newIndex.get(index) ?? [])];
  const result = new Uint8Array(kept.length * 4);
  for (const [i, word] of kept.entries()) viewOf(result).setUint32(i * 4, word, true);
  return result;
}
