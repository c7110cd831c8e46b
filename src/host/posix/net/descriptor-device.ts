// A network device on a descriptor that keeps frames whole: a tap, a datagram socket, whatever the user handed over.
import { result } from "../../../abi/start.js";
import { frameMax, type NetDevice } from "../../../net/contract.js";
import { libc } from "../libc.js";
import type { FrameSource } from "../../any/contract.js";

/** Where a device's frames come from: whoever asks reads them, or another thread has. */
export type FrameReader = Pick<
  NetDevice,
  "read" | "readInto" | "readable" | "onReadable" | "onWritable" | "descriptor" | "close"
>;

const again = new Set(["EAGAIN", "ENOBUFS"]);

/** A device that sends by `fd` and receives by `reader`. */
export function descriptorDevice({ fd, mtu }: FrameSource, reader: FrameReader): NetDevice {
  const c = libc();
  return {
    ...reader,
    mtu,
    get readable() {
      return reader.readable;
    },
    get descriptor() {
      return reader.descriptor;
    },
    copiesFrames: true,
    write(frame) {
      const written = c.write(fd, frame, frame.length);
      if (written === frame.length) return result.ok;
      return written < 0 && again.has(c.errorName()) ? result.again : result.unspecified;
    },
  };
}

/** For a thread that may block, such as a virtual CPU's: frames are read when the guest asks. The descriptor stays its opener's. */
export function directReader(fd: number): FrameReader & { readonly descriptor: number } {
  const c = libc();
  const buffer = new Uint8Array(frameMax);
  /** Bytes of a frame that was read to find out whether there is one; 0 for none. */
  let next = 0;
  const receive = (): number => {
    if (next > 0) return next;
    const size = c.read(fd, buffer, buffer.length);
    return size > 0 ? size : 0;
  };
  return {
    descriptor: fd,
    get readable() {
      next = receive();
      return next > 0;
    },
    read() {
      const size = receive();
      next = 0;
      return size > 0 ? buffer.slice(0, size) : undefined;
    },
    readInto(into) {
      const size = Math.min(receive(), into.length);
      next = 0;
      if (size === 0) return undefined;
      into.set(buffer.subarray(0, size));
      return size;
    },
    onReadable() {},
    close() {},
  };
}
