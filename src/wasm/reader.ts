// Reads bytes and LEB128 one after the other. WebAssembly core specification 5.2.

/** A name is all that it is, a mark of byte order too: 5.2.4. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Throws RangeError at the end of the bytes. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next byte is. */
  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError("the bytes end early");
    return value;
  }

  /** Unsigned LEB128 of 0 to 2^32 - 1. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number of more than five bytes");
  }

  /** Signed LEB128 of 32 bits. */
  s32(): number {
    return Number(this.#signed(32n));
  }

  /** Signed LEB128 of 64 bits. */
  s64(): bigint {
    return this.#signed(64n);
  }

  /** UTF-8 with its length in front. */
  name(): string {
    return utf8.decode(this.take(this.u32()));
  }

  /** A vector's items. */
  vector<T>(item: () => T): T[] {
    return Array.from({ length: this.u32() }, item);
  }

  #signed(bits: bigint): bigint {
    let value = 0n;
    for (let shift = 0n; shift < bits + 6n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(Number(bits), BigInt.asIntN(Number(shift) + 7, value));
    }
    throw new RangeError("a number of too many bytes");
  }

  /** The next bytes: a view of them. */
  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError("the bytes end early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
