// Frames are read by whoever asks for them, without a thread in between, until somebody wants to be told of them.
import { closeSync } from "node:fs";
import { directReader, type FrameReader } from "./descriptor-device.js";
import { watchedReader } from "./poll.js";

/** Reads the frames that come on `fd`, which must not block and belongs to the reader from now on. */
export function askedReader(fd: number): FrameReader {
  const direct = directReader(fd);
  let watched: FrameReader | undefined;
  /** A frame that was read before another thread took over. */
  let first: Uint8Array | undefined;
  let isClosed = false;
  const watch = (): FrameReader => {
    if (watched === undefined) {
      if (direct.readable) first = direct.read();
      watched = watchedReader(fd);
    }
    return watched;
  };
  const read = (): Uint8Array | undefined => {
    if (watched === undefined) return direct.read();
    const frame = first ?? watched.read();
    first = undefined;
    return frame;
  };
  return {
    get descriptor() {
      return watched === undefined && !isClosed ? fd : undefined;
    },
    get readable() {
      if (isClosed) return false;
      return watched === undefined ? direct.readable : first !== undefined || watched.readable;
    },
    read: () => (isClosed ? undefined : read()),
    readInto(buffer) {
      if (isClosed) return undefined;
      if (watched === undefined) return direct.readInto?.(buffer);
      const frame = read()?.subarray(0, buffer.length);
      if (frame !== undefined) buffer.set(frame);
      return frame?.length;
    },
    onReadable: (listener) => watch().onReadable(listener),
    onWritable: (listener) => watch().onWritable?.(listener),
    close() {
      isClosed = true;
      if (watched === undefined) closeSync(fd);
      else watched.close();
    },
  };
}
