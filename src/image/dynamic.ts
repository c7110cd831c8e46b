// What a shared object asks of a dynamic linker: the libraries that it needs, its dynamic symbols, its relocations. The file is not
// trusted. System V gABI chapter 5, psABI for x86-64 section 4.4.
import { sym } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import { i64, struct, u64, viewOf } from "../bytes/struct.js";
import { hex, textUntilNul } from "../bytes/text.js";
import type { Elf } from "./elf.js";

const dyn = struct(16, { tag: u64, value: u64 });
const tag = { needed: 1, pltrelsz: 2, hash: 4, strtab: 5, symtab: 6, rela: 7, relasz: 8, strsz: 10, rel: 17, jmprel: 23 } as const; // prettier-ignore
const rela = struct(24, { offset: u64, info: u64, addend: i64 });
const weak = 2;
/** Names are cut here: a table of names without an end would otherwise be read once for each symbol. */
const nameMax = 4096;

export interface DynamicSymbol {
  readonly name: string;
  /** Its address; 0 where another object has it. */
  readonly value: number;
  readonly size: number;
  readonly isDefined: boolean;
  readonly isWeak: boolean;
}

export interface Relocation {
  readonly address: number;
  readonly type: number;
  /** Index of a dynamic symbol. */
  readonly symbol: number;
  readonly addend: bigint;
}

export interface Dynamic {
  readonly needed: readonly string[];
  readonly symbols: readonly DynamicSymbol[];
  readonly relocations: readonly Relocation[];
}

/** Throws Solo5Error `BAD_ELF`. */
export function readDynamic(elf: Elf, name: string): Dynamic {
  const bad = (what: string): Solo5Error => new Solo5Error("BAD_ELF", `${name}: ${what}`);
  const { dynamicSection: section } = elf;
  if (section === undefined) throw bad("it has no dynamic section");
  const entries: { readonly tag: number; readonly value: number }[] = [];
  for (let at = 0; at + dyn.size <= section.data.length; at += dyn.size) {
    const entry = dyn.read(viewOf(section.data), at);
    if (entry.tag === 0n) break;
    entries.push({ tag: Number(entry.tag), value: Number(entry.value) });
  }
  const find = (wanted: number): number | undefined => entries.find((entry) => entry.tag === wanted)?.value;
  if (find(tag.rel) !== undefined) throw bad("relocations without addends (DT_REL) are not those of x86-64");
  const bytes = (address: number, size: number, what: string): Uint8Array => {
    const found = bytesAt(elf, address, size);
    if (found === undefined)
      throw bad(`${what} at ${hex(address)}, ${size} bytes, lies in no segment's bytes`);
    return found;
  };

  const [strtab = 0, strsz = 0, symtab = 0] = [find(tag.strtab), find(tag.strsz), find(tag.symtab)];
  const strings = bytes(strtab, strsz, "DT_STRTAB");
  const text = (offset: number): string => textUntilNul(strings.subarray(offset, offset + nameMax));
  const hash = find(tag.hash);
  // Where there is no count, linkers put the names behind the symbols.
  const count =
    hash === undefined
      ? Math.max(Math.floor((strtab - symtab) / sym.size), 0)
      : viewOf(bytes(hash, 8, "DT_HASH")).getUint32(4, true);
  const table = bytes(symtab, count * sym.size, "DT_SYMTAB");
  const symbols = Array.from({ length: count }, (_, i): DynamicSymbol => {
    const symbol = sym.read(viewOf(table), i * sym.size);
    return {
      name: text(symbol.name),
      value: Number(symbol.value),
      size: Number(symbol.size),
      isDefined: symbol.shndx !== 0,
      isWeak: symbol.info >> 4 === weak,
    };
  });
  const relocations = (
    [
      ["DT_RELA", find(tag.rela), find(tag.relasz)],
      ["DT_JMPREL", find(tag.jmprel), find(tag.pltrelsz)],
    ] as const
  ).flatMap(([what, address = 0, size = 0]): readonly Relocation[] => {
    const data = size === 0 ? new Uint8Array() : bytes(address, size, what);
    return Array.from({ length: Math.floor(data.length / rela.size) }, (_, i) => {
      const { offset, info, addend } = rela.read(viewOf(data), i * rela.size);
      const symbol = Number(info >> 32n);
      if (symbol >= Math.max(count, 1)) throw bad(`${what}: entry ${i} names symbol ${symbol} of ${count}`);
      return { address: Number(offset), type: Number(info & 0xffff_ffffn), symbol, addend };
    });
  });
  return {
    needed: entries.filter((entry) => entry.tag === tag.needed).map(({ value }) => text(value)),
    symbols,
    relocations,
  };
}

/** Bytes of the file that lie at an address; undefined where they do not lie there in one piece. */
export function bytesAt(
  { loads }: Pick<Elf, "loads">,
  address: number,
  size: number,
): Uint8Array | undefined {
  const segment = loads.find(
    ({ vaddr, data }) => address >= vaddr && size >= 0 && address + size <= vaddr + data.length,
  );
  return segment?.data.subarray(address - segment.vaddr, address - segment.vaddr + size);
}
