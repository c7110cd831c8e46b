// What a network device is: it moves whole Ethernet frames, and knows neither the target that asks nor the engine that runs. A
// new one implements this and passes the cases beside it.
import type { Result } from "../abi/start.js";

/** A network device: whole Ethernet frames, without checksum. Never blocks. */
export interface NetDevice {
  /** Maximum transfer unit in bytes, without the Ethernet header. */
  readonly mtu: number;
  /** Sends one frame. `again` where it cannot be taken now, `unspecified` on the host's error. */
  write(frame: Uint8Array): Result;
  /** The next frame that has come, or undefined. The bytes are the caller's. */
  read(): Uint8Array | undefined;
  /** The same into `buffer`, cut to its size: its bytes. A device without it is asked for `read`. */
  readInto?(buffer: Uint8Array): number | undefined;
  /** Whether `read` would give a frame. */
  readonly readable: boolean;
  /** `write` is done with a frame's bytes when it returns; any other device may keep them. */
  readonly copiesFrames?: boolean | undefined;
  /** Where frames come in, for a thread that may block: poll(2) tells when one can be read. Undefined where others read there. */
  readonly descriptor?: number | undefined;
  /** Calls `listener` after a frame has come; the one before is replaced. */
  onReadable(listener: () => void): void;
  /** After `again`: calls `listener` once, when a frame may be taken. A device without it is tried again, or loses the frame. */
  onWritable?(listener: () => void): void;
  close(): void;
}

/** Sends `frame`, whose bytes stay the caller's. */
export const writeCopy = (device: NetDevice, frame: Uint8Array): Result =>
  device.write(device.copiesFrames === true ? frame : frame.slice());

/** The next frame into `buffer`, cut to its size: its bytes, or undefined where none has come. */
export function readFrame(device: NetDevice, buffer: Uint8Array): number | undefined {
  if (device.readInto !== undefined) return device.readInto(buffer);
  const frame = device.read()?.subarray(0, buffer.length);
  if (frame !== undefined) buffer.set(frame);
  return frame?.length;
}

/** An Ethernet frame's header: destination, source, type. */
export const ethernetHeader = 14;
/** IEEE 802.1Q's, which a frame may have beside the MTU. */
const vlanTag = 4;
/** Whether a guest may send a frame of `length` bytes: devices of some hosts break on what is none. */
export const isFrameLength = ({ mtu }: Pick<NetDevice, "mtu">, length: number | bigint): boolean =>
  length >= ethernetHeader && length <= mtu + ethernetHeader + vlanTag;
/** The MTU where nothing tells another: IEEE 802.3's. */
export const ethernetMtu = 1500;
/** Bytes that no frame of a host exceeds. */
export const frameMax = 0x10000;

/** `device` but for `changed`. */
export function forwarded(
  device: NetDevice,
  changed: Partial<Pick<NetDevice, "write" | "read" | "close">>,
): NetDevice {
  const whole: NetDevice = {
    mtu: device.mtu,
    get readable() {
      return device.readable;
    },
    write: (frame) => device.write(frame),
    read: () => device.read(),
    onReadable: (listener) => device.onReadable(listener),
    close: () => device.close(),
  };
  const { onWritable } = device;
  return Object.assign(
    whole,
    onWritable === undefined ? {} : { onWritable: (listener: () => void) => device.onWritable?.(listener) },
    changed,
  );
}

/** `device` for a borrower, who does not close it. */
export const borrowed = (device: NetDevice): NetDevice => forwarded(device, { close() {} });
