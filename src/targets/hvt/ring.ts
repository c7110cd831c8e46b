// The host's side of the ring: requests that a guest left in shared memory are done in order when it kicks. The guest
// is not running meanwhile, so that everything is settled when it goes on. docs/abi.md 3.5.
import { ring, ringCommit, ringEntries, ringEntry, ringOp } from "../../abi/hvt.js";
import { result } from "../../abi/start.js";
import { viewOf } from "../../bytes/struct.js";
import { isFrameLength, readFrame, writeCopy, type NetDevice } from "../../net/contract.js";
import type { MayStore } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";

const { offsets } = ring;
const { offsets: entryAt } = ringEntry;
const { offsets: commitAt } = ringCommit;
const word = 2 ** 32;

/** A ring at guest address `base`; frames lie below `usable`, and come in only where the guest may write itself. */
export function createRing(
  base: number,
  memory: GuestMemory,
  { usable, mayStore }: { readonly usable: number; readonly mayStore: MayStore },
  nets: ReadonlyMap<number, NetDevice>,
): { start(): void; kick(): void } {
  const area = (): Uint8Array => {
    const bytes = memory.bytes(base, ring.size);
    if (bytes === undefined) throw new RangeError("the ring lies outside the guest's memory");
    return bytes;
  };
  const view = viewOf(area());
  const frameOf = (gpa: number, len: number): Uint8Array | undefined =>
    gpa + len <= usable ? memory.bytes(gpa, len) : undefined;
  const get = (at: number): number => view.getUint32(at, true);
  const set = (at: number, value: number): void => view.setUint32(at, value, true);

  // Fields by their offsets: guests under load come here some hundred thousand times a second.
  const done = (at: number): void => {
    const [gpa, len] = [get(at + entryAt.gpa) + get(at + entryAt.gpa + 4) * word, get(at + entryAt.len)];
    const [op, net] = [get(at + entryAt.op), nets.get(get(at + entryAt.handle))];
    const frame = frameOf(gpa, len);
    if (op === ringOp.write) {
      // There is no answer: what cannot be sent is lost, as on a cable.
      if (frame !== undefined && net !== undefined && isFrameLength(net, len)) writeCopy(net, frame);
    } else if (op === ringOp.read) {
      const read = readInto(net, mayStore(gpa, len) ? frame : undefined);
      const tail = get(offsets.comTail);
      const commit = offsets.commits + (tail % ringEntries) * ringCommit.size;
      set(commit + commitAt.id, get(at + entryAt.id));
      set(commit + commitAt.ret, read.ret);
      set(commit + commitAt.len, read.len);
      set(commit + commitAt.reserved, 0);
      set(offsets.comTail, tail + 1);
    }
  };

  return {
    // The host never looks by itself, so the guest has to kick every time.
    start: () => set(offsets.needsKick, 1),
    kick() {
      // For whoever keeps an eye on what is written.
      area();
      // Indices run freely; a guest that claims more than the ring holds gets no more than one round.
      for (let round = 0; round < ringEntries && get(offsets.entHead) !== get(offsets.entTail); round++) {
        const head = get(offsets.entHead);
        done(offsets.entries + (head % ringEntries) * ringEntry.size);
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
