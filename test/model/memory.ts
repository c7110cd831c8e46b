// Addresses of a process under a model: objects that are mapped, as often as one likes, each with its own protection, and an arena that
// the threads of the process share.
import assert from "node:assert/strict";
import type { Protection } from "../../src/engine/contract.js";
import type { GuestMemory } from "../../src/image/memory.js";

const pageSize = 4096;
/** Where mappings begin; far apart, so that what runs out of one is in none. */
const mappingBase = 0x2_0000_0000_0000n;
const mappingStride = 0x100_0000_0000n;
const arenaBase = 0x1_0000_0000_0000n;

export const prot = { read: 1, write: 2, execute: 4 } as const;

/** What can be mapped: guest memory, or a part of the arena. */
export type MappedObject = GuestMemory | Uint8Array;

interface Mapping {
  readonly address: bigint;
  readonly size: number;
  readonly object: MappedObject;
  /** By page, where it is not readable and writable. */
  readonly protections: Map<number, number>;
}

const sizeOf = (object: MappedObject): number => ("size" in object ? object.size : object.length);

export interface AddressSpace {
  map(object: MappedObject, size: number): bigint;
  unmap(address: bigint, size: number): void;
  /** Where bytes of the caller's own lie. */
  lend(data: Uint8Array): bigint;
  protect(address: bigint, size: number, protection: number): void;
  /** The object that is mapped at exactly `address`. Throws where there is none. */
  at(address: bigint): Mapping;
  bytesAt(address: bigint, size: number): Uint8Array;
  /** The page protections of a mapping, as an engine takes them; what can be read can be executed. */
  protectionsAt(address: bigint): readonly Protection[];
  /** How many mappings there are. */
  readonly count: number;
}

/** `arena` is shared with other threads, in which its parts have the same addresses. */
export function newAddressSpace(arena: SharedArrayBuffer): AddressSpace {
  const mappings = new Map<bigint, Mapping>();
  const lent = new Map<bigint, Mapping>();
  let next = mappingBase;
  const containing = (address: bigint, size: number): Mapping => {
    for (const all of [mappings, lent]) {
      const exact = all.get(address);
      if (exact !== undefined && size <= exact.size) return exact;
      for (const mapping of all.values())
        if (address >= mapping.address && address + BigInt(size) <= mapping.address + BigInt(mapping.size))
          return mapping;
    }
    assert.fail(`nothing is mapped at ${address.toString(16)}, ${size} bytes`);
  };
  return {
    get count() {
      return mappings.size;
    },
    map(object, size) {
      assert.ok(size > 0 && size <= sizeOf(object), `${size} of ${sizeOf(object)} bytes`);
      const isShared = object instanceof Uint8Array && object.buffer === arena;
      const address = isShared ? arenaBase + BigInt(object.byteOffset) : next;
      next += mappingStride;
      mappings.set(address, { address, size, object, protections: new Map() });
      return address;
    },
    lend(data) {
      const address = next;
      next += mappingStride;
      lent.set(address, { address, size: data.length, object: data, protections: new Map() });
      return address;
    },
    unmap(address, size) {
      assert.equal(mappings.get(address)?.size, size, "munmap of what was mapped");
      mappings.delete(address);
    },
    protect(address, size, protection) {
      const mapping = containing(address, size);
      const first = Number(address - mapping.address);
      assert.equal(first % pageSize, 0, "mprotect begins at a page");
      for (let at = first; at < first + size; at += pageSize)
        mapping.protections.set(at / pageSize, protection);
    },
    at(address) {
      const mapping = mappings.get(address);
      assert.ok(mapping !== undefined, `nothing is mapped at ${address.toString(16)}`);
      return mapping;
    },
    bytesAt(address, size) {
      const { object, address: start } = containing(address, size);
      const at = Number(address - start);
      if (object instanceof Uint8Array) return object.subarray(at, at + size);
      const bytes = object.bytes(BigInt(at), size);
      assert.ok(bytes !== undefined);
      return bytes;
    },
    protectionsAt(address) {
      const { protections } = containing(address, 1);
      return [...protections].map(([page, bits]) => ({
        start: page * pageSize,
        end: (page + 1) * pageSize,
        read: (bits & prot.read) !== 0,
        write: (bits & prot.write) !== 0,
        execute: (bits & (prot.read | prot.execute)) !== 0,
      }));
    },
  };
}

/** Writes a byte of the arena, whoever has it mapped. */
export function pokeArena(arena: SharedArrayBuffer, address: bigint, byte: number): void {
  const at = Number(address - arenaBase);
  assert.ok(at >= 0 && at < arena.byteLength, "poke of what threads share");
  new Uint8Array(arena)[at] = byte;
}
