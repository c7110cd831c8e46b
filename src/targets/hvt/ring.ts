// The host's side of the ring: requests that a guest left in shared memory are done in order when it kicks. The guest
// is not running meanwhile, so that everything is settled when it goes on. docs/abi.md 3.5.
import { ring, ringCommit, ringEntries, ringEntry, ringOp } from "../../abi/hvt.js";
import { result } from "../../abi/start.js";
import { viewOf } from "../../bytes/struct.js";
import { isFrameLength, readFrame, writeCopy, type NetDevice } from "../../net/contract.js";
import type { MayStore } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";

const { offsets } = ring;

/** A ring at guest address `base`; frames lie below `usable`, and come in only where the guest may write itself. */
export function createRing(
  base: number,
  memory: GuestMemory,
  { usable, mayStore }: { readonly usable: number; readonly mayStore: MayStore },
  nets: ReadonlyMap<number, NetDevice>,
): { start(): void; kick(): void } {
  const area = (): DataView => {
    const bytes = memory.bytes(base, ring.size);
    if (bytes === undefined) throw new RangeError("the ring lies outside the guest's memory");
    return viewOf(bytes);
  };
  const frameOf = (gpa: bigint, len: number): Uint8Array | undefined =>
    gpa + BigInt(len) <= BigInt(usable) ? memory.bytes(gpa, len) : undefined;

  return {
    // The host never looks by itself, so the guest has to kick every time.
    start: () => area().setUint32(offsets.needsKick, 1, true),
    kick() {
      const view = area();
      const get = (offset: number): number => view.getUint32(offset, true);
      const set = (offset: number, value: number): void => view.setUint32(offset, value, true);
      // Indices run freely; a guest that claims more than the ring holds gets no more than one round.
      for (let round = 0; round < ringEntries && get(offsets.entHead) !== get(offsets.entTail); round++) {
        const head = get(offsets.entHead);
        const entry = ringEntry.read(view, offsets.entries + (head % ringEntries) * ringEntry.size);
        const frame = frameOf(entry.gpa, entry.len);
        const net = nets.get(entry.handle);
        if (entry.op === ringOp.write) {
          // There is no answer: what cannot be sent is lost, as on a cable.
          if (frame !== undefined && net !== undefined && isFrameLength(net, frame.length))
            writeCopy(net, frame);
        } else if (entry.op === ringOp.read) {
          const tail = get(offsets.comTail);
          const commit = readInto(net, mayStore(entry.gpa, entry.len) ? frame : undefined);
          ringCommit.write(view, offsets.commits + (tail % ringEntries) * ringCommit.size, {
            id: entry.id,
            reserved: 0,
            ...commit,
          });
          set(offsets.comTail, tail + 1);
        }
        set(offsets.entHead, head + 1);
      }
    },
  };
}

/** One frame from `net` into `buffer`, cut to its size. */
export function readInto(
  net: NetDevice | undefined,
  buffer: Uint8Array | undefined,
): { ret: number; len: number } {
  if (net === undefined || buffer === undefined) return { ret: result.invalid, len: 0 };
  const len = readFrame(net, buffer);
  return len === undefined ? { ret: result.again, len: 0 } : { ret: result.ok, len };
}
