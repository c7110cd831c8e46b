// The device's side of a virtqueue. The guest writes it: every address, length and chain is checked, and a queue that is
// broken is left alone from then on. Source: Virtio PCI Card 0.9.5, section 2.3 and appendix A.
import { pageSize } from "../../../bytes/align.js";
import { viewOf } from "../../../bytes/struct.js";
import type { GuestMemory } from "../../../image/memory.js";
import { stateIn, type Stateful } from "../../../bytes/plain.js";

const descriptorSize = 16;
const usedElementSize = 8;
const usedAlignment = pageSize;
const flag = { next: 1, write: 2, noInterrupt: 1 } as const;

/** A buffer: what the device may read, then what it may write, as the guest put it together. */
export interface Chain {
  readonly head: number;
  readonly readable: readonly Uint8Array[];
  readonly writable: readonly Uint8Array[];
}

export interface DeviceQueue {
  readonly size: number;
  /** As the guest sets it: the page that the queue begins at, 0 for none. */
  pageNumber: number;
  eventIndex: boolean;
  /** The next buffer that the guest has made available; it stays available until it is used. */
  peek(): Chain | undefined;
  /** Gives the buffer back, with so many bytes written. True where the guest wants to be interrupted. */
  use(chain: Chain, written: number): boolean;
  reset(): void;
  readonly stateful: Stateful;
}

export function createQueue(memory: GuestMemory, size: number): DeviceQueue {
  const availableOffset = size * descriptorSize;
  const usedOffset = Math.ceil((availableOffset + 2 * (size + 3)) / usedAlignment) * usedAlignment;
  const total = usedOffset + 6 + usedElementSize * size;
  const state = { pageNumber: 0, eventIndex: false, taken: 0, used: 0, isBroken: false };
  /** Asked for each time: memory that is watched hears where the device writes. */
  const ring = (): DataView | undefined => {
    const { pageNumber } = state;
    const bytes = pageNumber === 0 ? undefined : memory.bytes(pageNumber * pageSize, total);
    return bytes === undefined ? undefined : viewOf(bytes);
  };

  const chainOf = (view: DataView, head: number): Chain | undefined => {
    const readable: Uint8Array[] = [];
    const writable: Uint8Array[] = [];
    let index = head;
    for (let count = 0; count < size; count++) {
      if (index >= size) return undefined;
      const at = index * descriptorSize;
      const bytes = memory.bytes(view.getBigUint64(at, true), view.getUint32(at + 8, true));
      const flags = view.getUint16(at + 12, true);
      if (bytes === undefined) return undefined;
      if ((flags & flag.write) !== 0) writable.push(bytes);
      else if (writable.length === 0) readable.push(bytes);
      else return undefined;
      if ((flags & flag.next) === 0) return { head, readable, writable };
      index = view.getUint16(at + 14, true);
    }
    return undefined;
  };

  return {
    size,
    get eventIndex() {
      return state.eventIndex;
    },
    set eventIndex(value) {
      state.eventIndex = value;
    },
    get pageNumber() {
      return state.pageNumber;
    },
    set pageNumber(value) {
      Object.assign(state, { pageNumber: value, taken: 0, used: 0, isBroken: false });
    },
    peek() {
      const view = state.isBroken ? undefined : ring();
      if (view === undefined || view.getUint16(availableOffset + 2, true) === state.taken) return undefined;
      const head = view.getUint16(availableOffset + 4 + 2 * (state.taken % size), true);
      const chain = chainOf(view, head);
      state.isBroken = chain === undefined;
      return chain;
    },
    use({ head }, written) {
      const view = ring();
      if (view === undefined) return false;
      const at = usedOffset + 4 + usedElementSize * (state.used % size);
      view.setUint32(at, head, true);
      view.setUint32(at + 4, written, true);
      const before = state.used;
      state.used = (state.used + 1) & 0xffff;
      state.taken = (state.taken + 1) & 0xffff;
      view.setUint16(usedOffset + 2, state.used, true);
      if (!state.eventIndex) return (view.getUint16(availableOffset, true) & flag.noInterrupt) === 0;
      const event = view.getUint16(availableOffset + 4 + 2 * size, true);
      view.setUint16(usedOffset + 4 + usedElementSize * size, state.taken, true);
      return event === before;
    },
    reset() {
      this.pageNumber = 0;
      state.eventIndex = false;
    },
    stateful: stateIn(state),
  };
}
