// The symbol table of a unikernel, for messages and debuggers: gABI chapter 4. A file whose sections make no sense
// simply has no symbols.
import { sectionType, shdr, sym } from "../abi/elf.js";
import { viewOf } from "../bytes/struct.js";
import { textUntilNul } from "../bytes/text.js";
import type { Elf } from "./elf.js";

/** A symbol of the file: its name, address and size. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

/** Names are cut here: a table of names without an end would otherwise be read once for each symbol. */
const nameMax = 4096;

/** Symbols with a name and an address, by ascending address; empty for a stripped file. */
export function symbols(file: Uint8Array, { sections }: Pick<Elf, "sections">): readonly ElfSymbol[] {
  const view = viewOf(file);
  const inside = (offset: bigint | number, size: bigint | number): boolean =>
    BigInt(offset) + BigInt(size) <= BigInt(file.length);
  if (!inside(sections.offset, sections.count * shdr.size)) return [];
  const headers = Array.from({ length: sections.count }, (_, i) =>
    shdr.read(view, sections.offset + i * shdr.size),
  );
  const table = headers.find((header) => header.type === sectionType.symtab);
  const names = table === undefined ? undefined : headers[table.link];
  if (table === undefined || names === undefined) return [];
  if (!inside(table.offset, table.size) || !inside(names.offset, names.size)) return [];

  const strings = file.subarray(Number(names.offset), Number(names.offset + names.size));
  const found: ElfSymbol[] = [];
  for (let i = 0; i < Math.floor(Number(table.size) / sym.size); i++) {
    const entry = sym.read(view, Number(table.offset) + i * sym.size);
    if (entry.shndx === 0 || entry.name === 0 || entry.name >= strings.length) continue;
    found.push({
      name: textUntilNul(strings.subarray(entry.name, entry.name + nameMax)),
      address: Number(entry.value),
      size: Number(entry.size),
    });
  }
  return found.sort((a, b) => a.address - b.address);
}
