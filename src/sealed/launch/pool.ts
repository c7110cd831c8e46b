// The constants of a launch page: each stored once, at an address that is known at once.
import { alignUp } from "../../bytes/align.js";
import { viewOf } from "../../bytes/struct.js";

export interface Pool {
  /** Address of `data` in the launch page; 8-byte aligned. */
  address(data: Uint8Array): number;
  /** All constants so far. */
  bytes(): Uint8Array;
}

export function createPool(base: number): Pool {
  const parts: { readonly data: Uint8Array; readonly offset: number }[] = [];
  const known = new Map<string, number>();
  let end = 0;
  return {
    address(data) {
      const key = String.fromCharCode(...data);
      let offset = known.get(key);
      if (offset === undefined) {
        offset = end;
        known.set(key, offset);
        parts.push({ data, offset });
        end = alignUp(end + data.length, 8);
      }
      return base + offset;
    },
    bytes() {
      const all = new Uint8Array(end);
      for (const { data, offset } of parts) all.set(data, offset);
      return all;
    },
  };
}

/** The address of a table of the addresses of `entries`, which ends with 0. */
export function tableAddress(pool: Pool, entries: readonly Uint8Array[]): number {
  const table = new Uint8Array(8 * (entries.length + 1));
  const view = viewOf(table);
  entries.forEach((data, i) => view.setBigUint64(8 * i, BigInt(pool.address(data)), true));
  return pool.address(table);
}
