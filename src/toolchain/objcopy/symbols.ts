// Symbols that stay, their new numbers, and what names them by number.
import { sym } from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { struct, u64, viewOf } from "../../bytes/struct.js";
import type { Changes } from "./changes.js";
import { contentOf, stringAt, type, type Section } from "./section.js";
import type { StringTables } from "./string-tables.js";

const rela = struct(24, { offset: u64, info: u64, addend: u64 });
/** Section numbers from here on are no sections: absolute, common. */
const reservedIndex = 0xff00;
const symbolBinding = { local: 0, global: 1, weak: 2 } as const;
const symbolKind = { section: 3, file: 4 } as const;

/** Numbers of the symbols of `table` that relocations name. */
export function neededSymbols(
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
export function renumberSymbols(
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

export function renumberRelocations(content: Uint8Array, renumber: (index: number) => number): void {
  const view = viewOf(content);
  for (let at = 0; at + rela.size <= content.length; at += rela.size) {
    const entry = rela.read(view, at);
    const symbol = BigInt(renumber(Number(entry.info >> 32n)));
    rela.write(view, at, { ...entry, info: (symbol << 32n) | (entry.info & 0xffffffffn) });
  }
}
