// solo5:block: sectors of a block device.
import { acquire, declareDevice } from "./devices";
import { exchangeView, host, result } from "./host";

const taken = new Map<string, BlockDevice>();

/** Declares a block device; it is looked for when it is first used. */
export function open(name: string): BlockDevice {
  const known = taken.get(name);
  if (known !== undefined) return known;
  declareDevice(name, "block");
  const device = new BlockDevice(name);
  taken.set(name, device);
  return device;
}

class BlockDevice {
  readonly name: string;
  #state: { readonly handle: number; readonly capacity: number; readonly blockSize: number } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get #acquired() {
    if (this.#state === undefined) {
      const handle = acquire(this.name, "block");
      const [capacity, blockSize] = [0, 8].map((at) => Number(exchangeView.getBigUint64(at, true)));
      this.#state = { handle, capacity: capacity ?? 0, blockSize: blockSize ?? 512 };
    }
    return this.#state;
  }

  /** Bytes. */
  get capacity(): number {
    return this.#acquired.capacity;
  }

  /** Bytes of a block. */
  get blockSize(): number {
    return this.#acquired.blockSize;
  }

  /** Reads whole blocks from the one with number `block`. */
  async read(block: number, count = 1): Promise<Uint8Array<ArrayBuffer>> {
    const { handle, blockSize } = this.#acquired;
    this.#check(block, count);
    const data = new Uint8Array(count * blockSize);
    for (let i = 0; i < count; i++) {
      const code = host.blockRead(handle, (block + i) * blockSize, data.buffer, i * blockSize, blockSize);
      if (code !== result.ok) throw new Error(`${this.name}: block ${block + i} cannot be read`);
    }
    return data;
  }

  /** Writes whole blocks from the one with number `block`. What has resolved is with the host. */
  async write(block: number, data: Uint8Array): Promise<void> {
    const { handle, blockSize } = this.#acquired;
    if (data.length === 0 || data.length % blockSize !== 0) {
      throw new RangeError(`${this.name}: ${data.length} bytes are no blocks of ${blockSize}`);
    }
    const count = data.length / blockSize;
    this.#check(block, count);
    for (let i = 0; i < count; i++) {
      const at = data.byteOffset + i * blockSize;
      const code = host.blockWrite(
        handle,
        (block + i) * blockSize,
        data.buffer as ArrayBuffer,
        at,
        blockSize,
      );
      if (code !== result.ok) throw new Error(`${this.name}: block ${block + i} cannot be written`);
    }
  }

  #check(block: number, count: number): void {
    const { capacity, blockSize } = this.#acquired;
    const isIn = Number.isInteger(block) && Number.isInteger(count) && block >= 0 && count >= 1;
    if (!isIn || (block + count) * blockSize > capacity) {
      throw new RangeError(
        `${this.name}: ${count} blocks from ${block} are not in a device of ${capacity / blockSize}`,
      );
    }
  }
}
