// The machine's ends of the channels: memory that the guest sees as well, whose header it may write at any time where the
// channel is its own to write. docs/abi.md 9.3.
import type { Stateful } from "../../../bytes/plain.js";
import { channelHeader, channelTransport, type Protocol } from "../../../abi/muen.js";
import { viewOf } from "../../../bytes/struct.js";
import type { GuestMemory } from "../../../image/memory.js";

interface Place {
  readonly address: number;
  readonly size: number;
}

const { offsets } = channelHeader;
const capacity = ({ size }: Place, { elementSize }: Protocol): number =>
  Math.floor((size - channelHeader.size) / elementSize);

export interface ChannelReader {
  /** Whether there may be something to read. */
  readonly pending: boolean;
  /** The next element: a view, valid until the guest goes on. What the guest has overwritten is left out. */
  read(): Uint8Array | undefined;
  readonly stateful: Stateful;
}

/** Reads what the guest writes. Nothing is taken from the header but counts; the geometry must be what it should be. */
export function channelReader(memory: GuestMemory, place: Place, protocol: Protocol): ChannelReader {
  const all = bytesOf(memory, place);
  const view = viewOf(all);
  let epoch = 0n;
  let count = 0n;
  /** Elements that wait; 0 also where the guest does not speak the protocol. */
  const waiting = (): number => {
    const current = view.getBigUint64(offsets.epoch, true);
    if (current === 0n) return 0;
    if (current !== epoch) {
      [epoch, count] = [current, 0n];
    }
    const written = view.getBigUint64(offsets.written, true);
    if (written === count) return 0;
    const header = channelHeader.read(view, 0);
    const elements = BigInt(capacity(place, protocol));
    const isSpoken =
      header.transport === channelTransport &&
      header.protocol === protocol.number &&
      header.elementSize === BigInt(protocol.elementSize) &&
      header.elements === elements;
    const ahead = BigInt.asUintN(64, written - count);
    if (!isSpoken) count = written;
    else if (ahead > elements) count = BigInt.asUintN(64, written - elements);
    return isSpoken ? Number(ahead > elements ? elements : ahead) : 0;
  };
  return {
    get pending() {
      return waiting() > 0;
    },
    read() {
      if (waiting() === 0) return undefined;
      const index = Number(count % BigInt(capacity(place, protocol)));
      count = BigInt.asUintN(64, count + 1n);
      const at = channelHeader.size + index * protocol.elementSize;
      return all.subarray(at, at + protocol.elementSize);
    },
    stateful: {
      save: () => ({ epoch, count }),
      restore: (saved: { epoch: bigint; count: bigint }) => ({ epoch, count } = saved),
    },
  };
}

export interface ChannelWriter {
  /** Whether as many elements have been written as the channel holds, or half as many: who knows what the guest has read. */
  readonly isFull: boolean;
  readonly isHalfFull: boolean;
  /** To be called where it is not full. */
  write(element: Uint8Array): void;
  /**
   * Begins anew, with all the room there is. What the guest has not read is lost: a reader that was overtaken might stop for
   * good, so that a writer is never ahead of it by more than the channel holds.
   */
  begin(): void;
  readonly stateful: Stateful;
}

/** Writes what the guest may only read. */
export function channelWriter(memory: GuestMemory, place: Place, protocol: Protocol): ChannelWriter {
  const elements = capacity(place, protocol);
  let epoch = 0n;
  let written = 0;
  const put = (at: number, bytes: Uint8Array): void =>
    memory.bytes(place.address + at, bytes.length)?.set(bytes);
  const word = new Uint8Array(8);
  const putWord = (at: number, value: bigint): void => {
    viewOf(word).setBigUint64(0, value, true);
    put(at, word);
  };
  return {
    get isFull() {
      return written >= elements;
    },
    get isHalfFull() {
      return written * 2 >= elements;
    },
    write(element) {
      put(channelHeader.size + written * protocol.elementSize, element);
      written++;
      putWord(offsets.writeStart, BigInt(written));
      putWord(offsets.written, BigInt(written));
    },
    begin() {
      written = 0;
      const header = new Uint8Array(channelHeader.size);
      channelHeader.write(viewOf(header), 0, {
        transport: channelTransport,
        epoch: ++epoch,
        protocol: protocol.number,
        elementSize: BigInt(protocol.elementSize),
        elements: BigInt(elements),
        reserved: 0n,
        writeStart: 0n,
        written: 0n,
      });
      put(0, header);
    },
    stateful: {
      save: () => ({ epoch, written }),
      restore: (saved: { epoch: bigint; written: number }) => ({ epoch, written } = saved),
    },
  };
}

/** The channel's memory, for reading. */
function bytesOf(memory: GuestMemory, { address, size }: Place): Uint8Array {
  const bytes = memory.bytes(address, size);
  if (bytes === undefined)
    throw new RangeError(`guest memory of ${memory.size} bytes has no channel at ${address}`);
  return bytes;
}
