// Addresses that stand for names, where names are looked up elsewhere: from 198.18.0.0/15, which no host of the Internet has
// (RFC 2544, C.2.2; RFC 6890).
import type { Address, Family } from "../../ip/index.js";

/** Names at a time; who was first gives way. */
const most = 0x1_fffe;

export interface NameBook {
  /** The address of `name`; no address of IPv6. */
  lookup(name: string, family: Family): readonly Address[];
  nameOf(address: Address): string | undefined;
}

export function createNameBook(): NameBook {
  const numbers = new Map<string, number>();
  const names = new Map<number, string>();
  let last = 0;
  return {
    lookup(name, family) {
      if (family === 6) return [];
      const key = name.toLowerCase();
      let number = numbers.get(key);
      if (number === undefined) {
        last = (last % most) + 1;
        number = last;
        const before = names.get(number);
        if (before !== undefined) numbers.delete(before);
        numbers.set(key, number);
        names.set(number, key);
      }
      return [Uint8Array.of(198, 18 + (number >> 16), (number >> 8) & 255, number & 255)];
    },
    nameOf(address) {
      const [a, b = 0, c = 0, d = 0] = address;
      if (address.length !== 4 || a !== 198 || (b & 0xfe) !== 18) return undefined;
      return names.get(((b & 1) << 16) | (c << 8) | d);
    },
  };
}
