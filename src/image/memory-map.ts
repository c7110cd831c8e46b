// What lies where in a guest's physical memory: regions by name, with what the guest may do there whatever its own tables say.
// Targets declare them, engines honour them, and whoever stores for the guest asks here first.

export interface Permissions {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** Addresses in bytes, multiples of 4096. */
export interface MemoryRegion extends Permissions {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** May be written, but hardly ever is: an engine may build on what is there, if it notices a store. */
  readonly isSeldomWritten?: true;
}

export interface MemoryMap {
  /** Bytes of memory that the engine must provide, from address 0. */
  readonly size: number;
  /** What the guest may do where no region is. Memory is readable and writable there. */
  readonly ram: Pick<Permissions, "execute">;
  /** They do not overlap. */
  readonly regions: readonly MemoryRegion[];
}

/** The region of a name. Throws RangeError where there is none. */
export function regionOf({ regions }: Pick<MemoryMap, "regions">, name: string): MemoryRegion {
  const region = regions.find((one) => one.name === name);
  if (region === undefined) throw new RangeError(`the guest's memory has no region '${name}'`);
  return region;
}

/** Where a device may store for the guest: addresses and sizes in bytes, as guests pass them. */
export type MayStore = (gpa: number | bigint, size: number | bigint) => boolean;

/**
 * From `start` to `end`, but for regions that the guest itself may not write. Without it a guest would change its own text
 * by reading a disk into it.
 */
export function storable(
  { regions }: Pick<MemoryMap, "regions">,
  { start, end }: Pick<MemoryRegion, "start" | "end">,
): MayStore {
  const readOnly = regions.filter(({ write }) => !write);
  return (gpa, size) => {
    const [from, to] = [Number(gpa), Number(gpa) + Number(size)];
    return from >= start && to <= end && readOnly.every((region) => to <= region.start || from >= region.end);
  };
}
