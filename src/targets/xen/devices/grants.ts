// Grants: which pages the guest lets the other ends of its devices see. The table lies in its memory: each entry is read once and
// checked. docs/abi.md 11.5.
import { domid, grantEntry, grantFlag, grantFrameMax, grantsPerPage } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { stateIn, type Stateful } from "../../../bytes/plain.js";
import { viewOf } from "../../../bytes/struct.js";
import type { GuestMemory } from "../../../image/memory.js";

export interface Grants {
  /** Puts a page of the table there; false where no memory is, or no such page. */
  place(index: number, gpa: number): boolean;
  /** Pages that have a place. */
  readonly frames: number;
  /** A page that was granted to us, to read or to write; undefined where it is not. */
  page(ref: number, access: "read" | "write"): Uint8Array | undefined;
  /** The same for long: the guest sees that it is in use until `release`. */
  hold(ref: number): number | undefined;
  release(ref: number): void;
  readonly stateful: Stateful;
}

export function createGrants(memory: GuestMemory): Grants {
  const state = { places: [] as number[] };
  const entryAt = (ref: number): DataView | undefined => {
    const place = state.places[Math.floor(ref / grantsPerPage)];
    if (place === undefined) return undefined;
    const bytes = memory.bytes(place + (ref % grantsPerPage) * grantEntry.size, grantEntry.size);
    return bytes === undefined ? undefined : viewOf(bytes);
  };
  /** The address of a granted page. */
  const look = (ref: number, isWrite: boolean): number | undefined => {
    const entry = entryAt(ref);
    if (entry === undefined) return undefined;
    const { flags, domid: to, frame } = grantEntry.read(entry, 0);
    const isGranted = (flags & grantFlag.typeMask) === grantFlag.permitAccess && to === domid.backend;
    if (!isGranted || (isWrite && (flags & grantFlag.readonly) !== 0)) return undefined;
    return frame * pageSize;
  };
  const setFlags = (ref: number, change: (flags: number) => number): void => {
    const entry = entryAt(ref);
    const { flags: at } = grantEntry.offsets;
    entry?.setUint16(at, change(entry.getUint16(at, true)), true);
  };
  const inUse = grantFlag.reading | grantFlag.writing;
  return {
    place(index, gpa) {
      const page = memory.bytes(gpa, pageSize);
      if (page === undefined || index >= grantFrameMax || index > state.places.length) return false;
      const before = state.places[index];
      const from = before === undefined ? undefined : memory.bytes(before, pageSize)?.slice();
      page.set(from ?? new Uint8Array(pageSize));
      state.places[index] = gpa;
      return true;
    },
    get frames() {
      return state.places.length;
    },
    page(ref, access) {
      const address = look(ref, access === "write");
      return address === undefined ? undefined : memory.bytes(address, pageSize);
    },
    hold(ref) {
      const address = look(ref, true);
      if (address === undefined || memory.bytes(address, pageSize) === undefined) return undefined;
      setFlags(ref, (flags) => flags | inUse);
      return address;
    },
    release: (ref) => setFlags(ref, (flags) => flags & ~inUse),
    stateful: stateIn(state),
  };
}
