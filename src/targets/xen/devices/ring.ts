// A back end's side of a ring. The guest writes it at any time: counts are read once, requests copied, and a ring whose counts cannot
// be is left alone from then on. Xen's public header io/ring.h; docs/abi.md 11.6.
import { ringHead } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { viewOf } from "../../../bytes/struct.js";
import type { GuestMemory } from "../../../image/memory.js";

/** Sizes in bytes, and in entries, which are a power of two. */
export interface RingShape {
  readonly entrySize: number;
  readonly size: number;
}

/** What of a ring is not in the page. */
export interface RingState {
  readonly gpa: number;
  /** Requests taken, responses given, for ever. */
  taken: number;
  given: number;
  isBroken: boolean;
}

export const newRing = (gpa: number): RingState => ({ gpa, taken: 0, given: 0, isBroken: false });

const { offsets } = ringHead;

/** Takes counts as they wrap. */
const u32 = (value: number): number => value >>> 0;

export function backRing(memory: GuestMemory, { entrySize, size }: RingShape, ring: RingState) {
  const page = (): DataView | undefined => {
    const bytes = memory.bytes(ring.gpa, pageSize);
    return bytes === undefined ? undefined : viewOf(bytes);
  };
  const place = (count: number): number => ringHead.size + (count % size) * entrySize;
  const waiting = (): number => {
    const view = ring.isBroken ? undefined : page();
    if (view === undefined) return 0;
    const count = u32(view.getUint32(offsets.reqProd, true) - ring.taken);
    // Those that were taken and not answered have a place each.
    if (count + u32(ring.taken - ring.given) > size) ring.isBroken = true;
    return ring.isBroken ? 0 : count;
  };
  return {
    /** Requests that wait. */
    get waiting() {
      return waiting();
    },
    /** A copy of the next request, which is taken; to be called where one waits. */
    take(): DataView {
      const bytes = memory.bytes(ring.gpa + place(ring.taken), entrySize)?.slice();
      ring.taken = u32(ring.taken + 1);
      return viewOf(bytes ?? new Uint8Array(entrySize));
    },
    /** Gives a response; the guest sees it at `push`. */
    give(response: Uint8Array): void {
      memory.bytes(ring.gpa + place(ring.given), response.length)?.set(response);
      ring.given = u32(ring.given + 1);
    },
    /** Publishes the responses; whether the guest wants to hear of them. */
    push(): boolean {
      const view = page();
      if (view === undefined) return false;
      const before = view.getUint32(offsets.rspProd, true);
      view.setUint32(offsets.rspProd, ring.given, true);
      const event = view.getUint32(offsets.rspEvent, true);
      return u32(ring.given - event) < u32(ring.given - before);
    },
    /** Asks to hear of the next request. */
    wantEvent(): void {
      page()?.setUint32(offsets.reqEvent, u32(ring.taken + 1), true);
    },
  };
}

export type BackRing = ReturnType<typeof backRing>;
