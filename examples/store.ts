// A key-value store on a block device that survives being killed at any write: a log of records, each with a checksum, in blocks that
// are written once. npx solo5 dev store.ts --block:storage=disk.img
import { open, type BlockDevice } from "solo5:block";
import { serve } from "solo5:http";

const disk = open("storage");

/** FNV-1a of 32 bits: what was cut by the end of the power is no record. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

interface Entry {
  readonly key: string;
  /** Absent where the key was deleted. */
  readonly value?: string;
}

const magic = 0x53354b56;
const headBytes = 16;

class Store {
  readonly #disk: BlockDevice;
  readonly #values = new Map<string, string>();
  #next = 0;
  #sequence = 0;
  /** Writes happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(disk: BlockDevice) {
    this.#disk = disk;
  }

  /** Reads records from the first block on, as long as each follows the one before it. */
  async load(): Promise<number> {
    for (;;) {
      const found = await this.#record(this.#next);
      if (found === undefined) return this.#values.size;
      this.#apply(found.entry);
      this.#next += found.blocks;
      this.#sequence++;
    }
  }

  async #record(block: number): Promise<{ readonly entry: Entry; readonly blocks: number } | undefined> {
    const { blockSize, capacity } = this.#disk;
    if ((block + 1) * blockSize > capacity) return undefined;
    const head = new DataView((await this.#disk.read(block)).buffer);
    const length = head.getUint32(8);
    const blocks = Math.ceil((headBytes + length) / blockSize);
    const isOurs = head.getUint32(0) === magic && head.getUint32(4) === this.#sequence;
    if (!isOurs || (block + blocks) * blockSize > capacity) return undefined;
    const text = (await this.#disk.read(block, blocks)).subarray(headBytes, headBytes + length);
    if (checksum(text) !== head.getUint32(12)) return undefined;
    return { entry: JSON.parse(new TextDecoder().decode(text)) as Entry, blocks };
  }

  #apply({ key, value }: Entry): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** Resolves when the disk has it. */
  put(entry: Entry): Promise<void> {
    const done = this.#last.then(() => this.#append(entry));
    this.#last = done.catch(() => {});
    return done;
  }

  async #append(entry: Entry): Promise<void> {
    const { blockSize, capacity } = this.#disk;
    const text = new TextEncoder().encode(JSON.stringify(entry));
    const blocks = Math.ceil((headBytes + text.length) / blockSize);
    if ((this.#next + blocks) * blockSize > capacity) throw new RangeError("the disk is full");
    const data = new Uint8Array(blocks * blockSize);
    const head = new DataView(data.buffer);
    head.setUint32(0, magic);
    head.setUint32(4, this.#sequence);
    head.setUint32(8, text.length);
    head.setUint32(12, checksum(text));
    data.set(text, headBytes);
    await this.#disk.write(this.#next, data);
    this.#next += blocks;
    this.#sequence++;
    this.#apply(entry);
  }
}

const store = new Store(disk);
const loading = store.load();

serve({ port: 80, maxBodyBytes: 65_536 }, async (request) => {
  await loading;
  const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
  switch (request.method) {
    case "GET": {
      const value = store.get(key);
      return value === undefined ? new Response("no such key\n", { status: 404 }) : new Response(value);
    }
    case "PUT":
      await store.put({ key, value: await request.text() });
      return new Response(null, { status: 204 });
    case "DELETE":
      await store.put({ key });
      return new Response(null, { status: 204 });
    default:
      return new Response("GET, PUT or DELETE\n", { status: 405 });
  }
});
