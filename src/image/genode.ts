// A unikernel for Genode: a shared object without Solo5's notes, whose manifest is found by its symbol, and whose relocations must
// be those that Genode's linker knows. docs/abi.md 10.1.
import { entryName, functionNames, guardName, libraryName, manifestName, relocationType, tlsRelocations } from "../abi/genode.js"; // prettier-ignore
import { nhdr } from "../abi/elf.js";
import { noteDescMax } from "../abi/notes.js";
import { Solo5Error } from "../bytes/error.js";
import { alignUp } from "../bytes/align.js";
import { viewOf } from "../bytes/struct.js";
import { hex } from "../bytes/text.js";
import { bytesAt, readDynamic, type Dynamic, type DynamicSymbol } from "./dynamic.js";
import type { Elf } from "./elf.js";

export interface GenodeImage {
  /** Address of the application's main function. */
  readonly entry: number;
  /** The manifest's descriptor. */
  readonly manifest: Uint8Array;
}

const exported: ReadonlySet<string> = new Set([...functionNames, guardName]);
const known: ReadonlySet<number> = new Set(Object.values(relocationType));

/** A name as a message can have it. */
const shown = (name: string): string => (/^[\x21-\x7e]{1,200}$/.test(name) ? name : "of a strange name");

/** Whether the file is a shared object that needs Solo5's library. */
export const needsLibrary = ({ needed }: Dynamic): boolean =>
  needed.some((path) => path.slice(path.lastIndexOf("/") + 1) === libraryName);

/** Where a symbol is that the unikernel has itself. */
export const ownAddress = (symbol: DynamicSymbol | undefined): number | undefined =>
  symbol?.isDefined === true ? symbol.value : undefined;

/** Throws Solo5Error `BAD_ELF`, `NO_MANIFEST`, `BAD_MANIFEST`. */
export function readGenode(elf: Elf, name: string): GenodeImage {
  const bad = (what: string): Solo5Error => new Solo5Error("BAD_ELF", `${name}: ${what}`);
  const notOurs = "e_type is 3 (ET_DYN), expected 2 (ET_EXEC)";
  if (elf.dynamicSection === undefined) throw bad(notOurs);
  const dynamic = readDynamic(elf, name);
  if (!needsLibrary(dynamic)) throw bad(`${notOurs}, or ${libraryName} among what it needs`);
  if (elf.isa !== "x86-64") throw bad(`a unikernel for Genode is of x86-64, not ${elf.isa}`);
  checkRelocations(dynamic, elf, bad);
  const find = (wanted: string): number | undefined =>
    ownAddress(dynamic.symbols.find((symbol) => symbol.name === wanted && symbol.isDefined));
  const entry = find(entryName);
  if (entry === undefined) throw bad(`it has no ${entryName}`);
  const note = find(manifestName);
  if (note === undefined)
    throw new Solo5Error("NO_MANIFEST", `${name}: No Solo5 manifest found in executable`);
  const header = bytesAt(elf, note, nhdr.size);
  const { namesz, descsz } = header === undefined ? { namesz: 0, descsz: 0 } : nhdr.read(viewOf(header), 0);
  const manifest =
    descsz > noteDescMax.mft1 ? undefined : bytesAt(elf, note + nhdr.size + alignUp(namesz, 4), descsz);
  if (header === undefined || manifest === undefined) {
    throw new Solo5Error("BAD_MANIFEST", `${name}: Solo5 manifest is invalid: it ends outside its segment`);
  }
  return { entry, manifest };
}

function checkRelocations(
  { relocations, symbols }: Dynamic,
  { loads }: Elf,
  bad: (what: string) => Solo5Error,
): void {
  for (const { type, address, symbol: index } of relocations) {
    const where = `relocation at ${hex(address)}`;
    if (tlsRelocations.has(type))
      throw bad(`${where}: type ${type} is one of thread-local storage, which Genode's linker does not have`);
    if (!known.has(type)) throw bad(`${where}: type ${type} is unknown`);
    const writable = loads.find(
      ({ vaddr, memsz, write }) => write && address >= vaddr && address + 8 <= vaddr + memsz,
    );
    if (writable === undefined) throw bad(`${where} lies in no writable segment`);
    const symbol = symbols[index];
    if (type === relocationType.relative || symbol === undefined) continue;
    if (!symbol.isDefined && !symbol.isWeak && !exported.has(symbol.name))
      throw bad(`nothing defines the symbol ${shown(symbol.name)}`);
    if (type === relocationType.copy && symbol.name !== guardName)
      throw bad(`${where}: ${shown(symbol.name)} is no object of ${libraryName}`);
  }
}

/** A word of memory that the linker fills in. */
interface FilledWord {
  readonly address: number;
  readonly value: bigint;
}

/** What Genode's linker would write; `library` knows where the library's names are. The file was read before. */
export function linked(
  elf: Elf,
  name: string,
  library: (name: string) => number | undefined,
): readonly FilledWord[] {
  const { symbols, relocations } = readDynamic(elf, name);
  return relocations.flatMap(({ type, address, symbol: index, addend }): readonly FilledWord[] => {
    const symbol = symbols[index];
    // Weak symbols may be nobody's.
    const value = BigInt(ownAddress(symbol) ?? library(symbol?.name ?? "") ?? 0);
    switch (type) {
      case relocationType.relative:
        return [{ address, value: addend }];
      case relocationType.absolute:
        return [{ address, value: value + addend }];
      case relocationType.globDat:
      case relocationType.jumpSlot:
        return [{ address, value }];
      // What is copied is the guard, which is 0, as memory is.
      case relocationType.copy:
        return [];
      default:
        throw new RangeError(`relocation type ${type} was let through`);
    }
  });
}
