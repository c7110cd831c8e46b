// What hypercalls are given by address: copied once, through the guest's page tables, so that nothing changes while it is looked at.
import { pageSize } from "../../bytes/align.js";
import { encode, viewOf, type Field, type AnyStruct, type ValueOf } from "../../bytes/struct.js";
import type { Registers } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { physicalOf } from "./isa/x86-64.js";

export interface GuestData {
  /** A copy; undefined where the guest has not all of it. */
  read(address: bigint, length: number): Uint8Array | undefined;
  /** False where the guest may not write all of it; then perhaps a part is written. */
  write(address: bigint, data: Uint8Array): boolean;
  readStruct<S extends AnyStruct>(layout: S, address: bigint): ValueOf<S> | undefined;
  /** Writes the fields that `value` has. */
  update<S extends AnyStruct>(layout: S, address: bigint, value: Partial<ValueOf<S>>): boolean;
}

/** Strings and arrays that a hypercall takes are no longer. */
const lengthMax = 0x10000;

export function guestData(registers: Registers, memory: GuestMemory): GuestData {
  /** Calls `piece` for what lies in one page each. */
  const eachPage = (
    address: bigint,
    length: number,
    isWrite: boolean,
    piece: (bytes: Uint8Array, done: number) => void,
  ): boolean => {
    if (length > lengthMax) return false;
    for (let done = 0; done < length;) {
      const linear = BigInt.asUintN(64, address + BigInt(done));
      const size = Math.min(length - done, pageSize - Number(linear % BigInt(pageSize)));
      const physical = physicalOf(registers, memory, linear, isWrite);
      const bytes = physical === undefined ? undefined : memory.bytes(physical, size);
      if (bytes === undefined) return false;
      piece(bytes, done);
      done += size;
    }
    return true;
  };
  const data: GuestData = {
    read(address, length) {
      const all = new Uint8Array(Math.min(length, lengthMax));
      return eachPage(address, length, false, (bytes, done) => all.set(bytes, done)) ? all : undefined;
    },
    write: (address, from) =>
      eachPage(address, from.length, true, (bytes, done) =>
        bytes.set(from.subarray(done, done + bytes.length)),
      ),
    readStruct<S extends AnyStruct>(layout: S, address: bigint) {
      const bytes = data.read(address, layout.size);
      return bytes === undefined ? undefined : (layout.read(viewOf(bytes), 0) as ValueOf<S>);
    },
    update(layout, address, value) {
      return Object.entries(value as Record<string, unknown>).every(([name, one]) => {
        const field = layout.fields[name] as Field<unknown>;
        return data.write(address + BigInt(layout.offsets[name] as number), encode(field, one));
      });
    },
  };
  return data;
}
