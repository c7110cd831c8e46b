// Frames on their way from one thread to another, in shared memory: one writes, the other reads, and neither waits. A frame lies
// in one piece, so that read(2) can put it there.
import { frameMax } from "../../../net/contract.js";

/** Bytes for frames, in whole words. */
const dataSize = 0x10_0000;
const wordSize = 4;
/** Where a frame's length would be: the next frame lies at the beginning. */
const wrapped = 0xffff_ffff;
/** Int32 indices of what the threads share beside the frames: words written and read, modulo 2³². */
const word = { written: 0, read: 1, told: 2, full: 3 } as const;
const headerSize = 64;
const words = dataSize / wordSize;
const most = (wordSize + frameMax) / wordSize;

export const frameRingMemory = (): SharedArrayBuffer => new SharedArrayBuffer(headerSize + dataSize);

const wordsOf = (length: number): number => 1 + Math.ceil(length / wordSize);

export interface FrameRingWriter {
  /** `frameMax` bytes for the next frame; undefined where there is no room, of which the reader will tell. */
  room(): Uint8Array | undefined;
  /** The room has a frame of `length` bytes. */
  commit(length: number): void;
  /** Whether the reader must be told that there are frames; it is not told twice. */
  shouldTell(): boolean;
}

export function frameRingWriter(memory: SharedArrayBuffer): FrameRingWriter {
  const header = new Int32Array(memory, 0, headerSize / wordSize);
  const lengths = new Uint32Array(memory, headerSize, words);
  const data = new Uint8Array(memory, headerSize, dataSize);
  let written = 0;
  const free = (): number => words - ((written - Atomics.load(header, word.read)) >>> 0);
  return {
    room() {
      const left = words - (written % words);
      // What is left of the end is given up where a frame might not fit.
      const needed = left < most ? left + most : most;
      if (free() < needed) {
        Atomics.store(header, word.full, 1);
        // The reader may have made room before it could see that.
        if (free() < needed) return undefined;
        Atomics.store(header, word.full, 0);
      }
      if (left < most) {
        lengths[written % words] = wrapped;
        written = (written + left) >>> 0;
      }
      const at = (written % words) * wordSize + wordSize;
      return data.subarray(at, at + frameMax);
    },
    commit(length) {
      lengths[written % words] = length;
      written = (written + wordsOf(length)) >>> 0;
      Atomics.store(header, word.written, written);
    },
    shouldTell: () => Atomics.exchange(header, word.told, 1) === 0,
  };
}

export interface FrameRingReader {
  readonly readable: boolean;
  /** The next frame, as bytes of its own. */
  read(): Uint8Array | undefined;
  /** The reader has been told, and wants to be told again of what comes from now on. */
  acknowledge(): void;
  /** Whether the writer waits for room, and there is plenty now; once. */
  shouldResume(): boolean;
}

export function frameRingReader(memory: SharedArrayBuffer): FrameRingReader {
  const header = new Int32Array(memory, 0, headerSize / wordSize);
  const lengths = new Uint32Array(memory, headerSize, words);
  const data = new Uint8Array(memory, headerSize, dataSize);
  let read = 0;
  const isEmpty = (): boolean => read === Atomics.load(header, word.written) >>> 0;
  return {
    get readable() {
      return !isEmpty();
    },
    read() {
      if (isEmpty()) return undefined;
      if (lengths[read % words] === wrapped) read = (read + words - (read % words)) >>> 0;
      const length = lengths[read % words] ?? 0;
      const at = (read % words) * wordSize + wordSize;
      const frame = data.slice(at, at + length);
      read = (read + wordsOf(length)) >>> 0;
      Atomics.store(header, word.read, read);
      return frame;
    },
    acknowledge: () => Atomics.store(header, word.told, 0),
    shouldResume() {
      if (Atomics.load(header, word.full) === 0) return false;
      const used = ((Atomics.load(header, word.written) >>> 0) - read) >>> 0;
      return used <= words / 2 && Atomics.compareExchange(header, word.full, 1, 0) === 1;
    },
  };
}
