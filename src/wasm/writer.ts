// A growable run of bytes with the integer encodings of WebAssembly's binary format. WebAssembly core specification 5.2.

const utf8 = new TextEncoder();

/** Unsigned LEB128 of 0 to 2^32 - 1 in five bytes, however small it is. */
export function putU32InFive(bytes: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = ((value >>> (7 * index)) & 0x7f) | 0x80;
  bytes[at + 4] = value >>> 28;
}

/** Bytes appended one after the other; the buffer doubles when it is full. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes so far: a view that the next write may detach. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The bytes so far, copied. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Forgets what was written, keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Unsigned LEB128 of 0 to 2^32 - 1. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** The same in five bytes, so that another number fits there later. */
  u32InFive(value: number): void {
    this.#grow(5);
    putU32InFive(this.#bytes, this.#length, value);
    this.#length += 5;
  }

  /** Signed LEB128 of a 32-bit integer. */
  s32(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** Signed LEB128 of a 64-bit integer; anything wider is taken modulo 2^64. */
  s64(value: bigint): void {
    const low = Number(BigInt.asIntN(32, value));
    if (BigInt(low) === BigInt.asIntN(64, value)) return this.s32(low);
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest & 0x7fn));
  }

  f32(value: number): void {
    this.#float(4, (view) => view.setFloat32(0, value, true));
  }

  f64(value: number): void {
    this.#float(8, (view) => view.setFloat64(0, value, true));
  }

  /** A vector's length and its items. */
  vector<T>(items: readonly T[], item: (value: T) => void): void {
    this.u32(items.length);
    items.forEach(item);
  }

  /** UTF-8 with its length in front. */
  name(text: string): void {
    const bytes = utf8.encode(text);
    this.u32(bytes.length);
    this.append(bytes);
  }

  #float(size: number, set: (view: DataView) => void): void {
    const bytes = new Uint8Array(size);
    set(new DataView(bytes.buffer));
    this.append(bytes);
  }

  #grow(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra));
    grown.set(this.view());
    this.#bytes = grown;
  }
}
