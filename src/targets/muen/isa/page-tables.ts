// Page tables that map what they are told and nothing else: in large pages where a region has room for them. The entries'
// accessed and dirty bits are the CPU's. Specification: Intel SDM volume 3, 4.5.
import { pageSize } from "../../../bytes/align.js";
import { viewOf } from "../../../bytes/struct.js";

/** Part of the address space. Addresses and sizes are multiples of 4096 bytes. */
export interface Mapped {
  readonly address: number;
  readonly physical: number;
  readonly size: number;
  readonly write: boolean;
  readonly execute: boolean;
}

const entriesPerTable = 512;
const largePage = entriesPerTable * pageSize;
const bit = { present: 1n, write: 2n, large: 0x80n, noExecute: 1n << 63n } as const;

/** The tables for memory that begins at `base`, where the first of them, the root, will lie. */
export function pageTables(regions: readonly Mapped[], base: number): Uint8Array {
  const tables: BigUint64Array[] = [new BigUint64Array(entriesPerTable)];
  /** The table that the entry leads to, which is made where there is none. */
  const below = (table: BigUint64Array, index: number): BigUint64Array => {
    const entry = table[index] ?? 0n;
    if (entry !== 0n) return tables[(Number(entry & ~0xfffn) - base) / pageSize] as BigUint64Array;
    table[index] = BigInt(base + tables.length * pageSize) | bit.present | bit.write;
    const made = new BigUint64Array(entriesPerTable);
    tables.push(made);
    return made;
  };
  const slot = (address: number, level: number): number =>
    Math.floor(address / pageSize / entriesPerTable ** level) % entriesPerTable;

  for (const { address, physical, size, write, execute } of regions) {
    const flags = bit.present | (write ? bit.write : 0n) | (execute ? 0n : bit.noExecute);
    for (let done = 0; done < size;) {
      const [from, to] = [address + done, physical + done];
      const isLarge = from % largePage === 0 && to % largePage === 0 && size - done >= largePage;
      let table = tables[0] as BigUint64Array;
      for (let level = 3; level > (isLarge ? 1 : 0); level--) table = below(table, slot(from, level));
      table[slot(from, isLarge ? 1 : 0)] = BigInt(to) | flags | (isLarge ? bit.large : 0n);
      done += isLarge ? largePage : pageSize;
    }
  }
  const bytes = new Uint8Array(tables.length * pageSize);
  const view = viewOf(bytes);
  tables.forEach((table, i) =>
    table.forEach((entry, n) => view.setBigUint64(i * pageSize + n * 8, entry, true)),
  );
  return bytes;
}
