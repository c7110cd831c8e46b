// solo5:net: Ethernet frames of a network device.
import { acquire, declareDevice } from "./devices";
import { exchangeView, host, result } from "./host";
import { unwatch, watch } from "./loop";

const taken = new Map<string, NetDevice>();

/** Declares a network device; it is looked for when it is first used. */
export function open(name: string): NetDevice {
  const known = taken.get(name);
  if (known !== undefined) return known;
  declareDevice(name, "net");
  const device = new NetDevice(name);
  taken.set(name, device);
  return device;
}

/** Header, tag of a VLAN. */
const beyondMtu = 18;
/** Frames of one device before others have their turn. */
const burst = 64;

export class NetDevice {
  readonly name: string;
  #state: { readonly handle: number; readonly mac: Uint8Array; readonly mtu: number } | undefined;
  #sent:
    | {
        readonly bytes: Uint8Array;
        readonly buffer: ArrayBufferLike;
        readonly byteOffset: number;
        readonly handle: number;
      }
    | undefined;
  #receive: ((frame: Uint8Array<ArrayBuffer>) => void) | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get #acquired() {
    if (this.#state === undefined) {
      const handle = acquire(this.name, "net");
      const mac = Uint8Array.from({ length: 6 }, (_, i) => exchangeView.getUint8(8 + i));
      this.#state = { handle, mac, mtu: Number(exchangeView.getBigUint64(0, true)) };
    }
    return this.#state;
  }

  get mac(): Uint8Array {
    return this.#acquired.mac.slice();
  }

  /** Bytes of a frame's payload. */
  get mtu(): number {
    return this.#acquired.mtu;
  }

  /** Sends a frame; false where the host does not take it now. */
  send(frame: Uint8Array): boolean {
    const { handle } = this.#acquired;
    const code = host.netWrite(handle, frame.buffer as ArrayBuffer, frame.byteOffset, frame.byteLength);
    if (code === result.invalid)
      throw new RangeError(`${this.name}: a frame of ${frame.length} bytes cannot be sent`);
    return code === result.ok;
  }

  /** The same for the first `length` bytes of a buffer, over and over the same one. */
  sendFirst(bytes: Uint8Array, length: number): boolean {
    if (this.#sent?.bytes !== bytes) {
      const { buffer, byteOffset } = bytes;
      this.#sent = { bytes, buffer, byteOffset, handle: this.#acquired.handle };
    }
    const { handle, buffer, byteOffset } = this.#sent;
    return host.netWrite(handle, buffer, byteOffset, length) === result.ok;
  }

  /** Calls `receive` when frames have come; it takes each by `read`, which puts it into the buffer and gives its length, or -1. */
  onFrames(receive: (buffer: Uint8Array, read: () => number, most: number) => void): void {
    const { handle, mtu } = this.#acquired;
    const size = mtu + beyondMtu;
    const bytes = new Uint8Array(size);
    const { buffer } = bytes;
    const read = (): number => host.netRead(handle, buffer, 0, size);
    watch(handle, () => receive(bytes, read, burst));
  }

  /** Has every frame that arrives given to `receive`, and keeps the program alive; `undefined` ends that. */
  onFrame(receive: ((frame: Uint8Array<ArrayBuffer>) => void) | undefined): void {
    const { handle, mtu } = this.#acquired;
    this.#receive = receive;
    if (receive === undefined) return unwatch(handle);
    watch(handle, () => {
      for (let count = 0; count < burst && this.#receive !== undefined; count++) {
        const buffer = new ArrayBuffer(mtu + beyondMtu);
        const length = host.netRead(handle, buffer, 0, buffer.byteLength);
        if (length < 0) break;
        this.#receive(new Uint8Array(buffer, 0, length));
      }
    });
  }
}
