// The device's side of a virtqueue. The guest writes it: every address, length and chain is checked, and a queue that is
// broken is left alone from then on. Source: Virtio PCI Card 0.9.5, section 2.3 and appendix A.
import { viewOf } from "../../bytes/struct.js";
import type { GuestMemory } from "../../image/memory.js";

const descriptorSize = 16;
const usedElementSize = 8;
const usedAlignment = 4096;
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
}

export function createQueue(memory: GuestMemory, size: number): DeviceQueue {
  const availableOffset = size * descriptorSize;
  const usedOffset = Math.ceil((availableOffset + 2 * (size + 3)) / usedAlignment) * usedAlignment;
  const total = usedOffset + 6 + usedElementSize * size;
  let pageNumber = 0;
  let view: DataView | undefined;
  let taken = 0;
  let used = 0;
  let isBroken = false;

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
    eventIndex: false,
    get pageNumber() {
      return pageNumber;
    },
    set pageNumber(value) {
      pageNumber = value;
      taken = used = 0;
      isBroken = false;
      const bytes = value === 0 ? undefined : memory.bytes(value * 4096, total);
      view = bytes === undefined ? undefined : viewOf(bytes);
    },
    peek() {
      if (view === undefined || isBroken) return undefined;
      if (view.getUint16(availableOffset + 2, true) === taken) return undefined;
      const head = view.getUint16(availableOffset + 4 + 2 * (taken % size), true);
      const chain = chainOf(view, head);
      isBroken = chain === undefined;
      return chain;
    },
    use({ head }, written) {
      if (view === undefined) return false;
      const at = usedOffset + 4 + usedElementSize * (used % size);
      view.setUint32(at, head, true);
      view.setUint32(at + 4, written, true);
      const before = used;
      used = (used + 1) & 0xffff;
      taken = (taken + 1) & 0xffff;
      view.setUint16(usedOffset + 2, used, true);
      if (!this.eventIndex) return (view.getUint16(availableOffset, true) & flag.noInterrupt) === 0;
      const event = view.getUint16(availableOffset + 4 + 2 * size, true);
      view.setUint16(usedOffset + 4 + usedElementSize * size, taken, true);
      return event === before;
    },
    reset() {
      this.pageNumber = 0;
      this.eventIndex = false;
    },
  };
}
