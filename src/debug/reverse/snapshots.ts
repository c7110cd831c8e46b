// A guest's states at some instructions of a replay, by pages that differ from one to the next, and the way back to each.
import type { Stateful } from "../../bytes/plain.js";
import { decodeSnapshot, encodeSnapshot, type SnapshotParts } from "../../snapshot/snapshot.js";
import type { TimeMachine, PortableVcpu } from "../../engine/contract.js";
import { pageSize } from "../../bytes/align.js";
import type { GuestMemory } from "../../image/memory.js";
import { usedMemory } from "../core/core-dump.js";

interface Snapshot {
  /** Instructions executed. */
  readonly at: bigint;
  /** What is neither memory nor said above, as the codec has it. */
  readonly state: Uint8Array;
  /** Contents of every page that has been written since the snapshot before, and perhaps of more. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
}

export interface Snapshots {
  /** Notes that the host has written here. */
  touched(gpa: number, length: number): void;
  /** Adds the present, unless there is a snapshot of it. */
  take(): void;
  /** The last snapshot at or before an instruction. */
  before(at: bigint): number;
  at(index: number): bigint;
  restore(index: number): void;
}

/** At most about `limit` are kept. `owners` have all state but memory. The first snapshot is of the present. */
export function createSnapshots(
  vcpu: PortableVcpu,
  machine: TimeMachine,
  memory: GuestMemory,
  owners: Stateful<SnapshotParts>,
  limit: number,
): Snapshots {
  let list: Snapshot[] = [];
  /** Where the present comes from, and the pages that differ from there. */
  let base = 0;
  const dirty = new Set<number>();
  const pageOf = (page: number): Uint8Array =>
    memory.bytes(page * pageSize, Math.min(pageSize, memory.size - page * pageSize)) ?? new Uint8Array();
  const collect = (): void => {
    for (const page of machine.takeDirtyPages()) dirty.add(page);
  };
  const add = (pages: Iterable<number>, index: number): void => {
    const copies = new Map([...pages].map((page) => [page, pageOf(page).slice()] as const));
    const state = encodeSnapshot(owners.save());
    list.splice(index, 0, { at: vcpu.instructions, state, pages: copies });
    base = index;
    dirty.clear();
    if (list.length > limit) thin();
  };
  /** Leaves out every other of the older half; what one of them says of a page, the next says instead. */
  const thin = (): void => {
    const present = list[base];
    const kept: Snapshot[] = [];
    let dropped: ReadonlyMap<number, Uint8Array> = new Map();
    list.forEach((one, i) => {
      if (i % 2 === 1 && i < list.length / 2 && one !== present) dropped = one.pages;
      else {
        kept.push({ ...one, pages: new Map([...dropped, ...one.pages]) });
        if (one === present) base = kept.length - 1;
        dropped = new Map();
      }
    });
    list = kept;
  };
  const before = (at: bigint): number => list.findLastIndex((one) => one.at <= at);
  const contentsAt = (index: number, page: number): Uint8Array | undefined => {
    for (let i = index; i >= 0; i--) {
      const copy = list[i]?.pages.get(page);
      if (copy !== undefined) return copy;
    }
    return undefined;
  };

  machine.takeDirtyPages();
  const used: number[] = [];
  for (const { start, data } of usedMemory(memory)) {
    for (let page = start / pageSize; page < (start + data.length) / pageSize; page++) used.push(page);
  }
  add(used, 0);
  return {
    touched(gpa, length) {
      for (let page = Math.floor(gpa / pageSize); page * pageSize < gpa + length; page++) dirty.add(page);
    },
    take() {
      const index = before(vcpu.instructions);
      if (list[index]?.at === vcpu.instructions) return;
      collect();
      // Pages that were written since an earlier snapshot than the one before are more than are needed.
      add(new Set(dirty), index + 1);
    },
    before,
    at: (index) => list[index]?.at ?? 0n,
    restore(index) {
      collect();
      for (let i = Math.min(base, index) + 1; i <= Math.max(base, index); i++)
        for (const page of list[i]?.pages.keys() ?? []) dirty.add(page);
      for (const page of dirty) {
        const [target, copy] = [pageOf(page), contentsAt(index, page)];
        if (copy === undefined) target.fill(0);
        else target.set(copy);
        machine.forgetPage(page);
      }
      const state = list[index]?.state;
      if (state !== undefined) owners.restore(decodeSnapshot(state, "history"));
      dirty.clear();
      base = index;
    },
  };
}
