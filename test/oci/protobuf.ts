// As much of Protocol Buffers as a client of CRI takes: numbers, texts, messages, by field number. protobuf.dev, "Encoding".

/** A message to be: fields by number; lists are repeated fields. */
export interface Message {
  readonly [field: number]: number | bigint | string | Message | readonly (string | Message)[];
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  do {
    const more = left > 0x7fn;
    bytes.push(Number(left & 0x7fn) | (more ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return bytes;
}

export function encode(message: Message): Uint8Array {
  const out: number[] = [];
  for (const [key, given] of Object.entries(message)) {
    for (const value of (Array.isArray(given) ? given : [given]) as (number | bigint | string | Message)[]) {
      const tag = BigInt(key) << 3n;
      if (typeof value === "number" || typeof value === "bigint")
        out.push(...varint(tag), ...varint(BigInt(value)));
      else {
        const data = typeof value === "string" ? new TextEncoder().encode(value) : encode(value);
        out.push(...varint(tag | 2n), ...varint(BigInt(data.length)), ...data);
      }
    }
  }
  return Uint8Array.from(out);
}

/** A message's fields: numbers, or bytes that are text or a message. */
export class Fields {
  readonly #all = new Map<number, (bigint | Uint8Array)[]>();

  constructor(data: Uint8Array) {
    let at = 0;
    const number = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = data[at++] ?? 0;
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < data.length) {
      const tag = number();
      const key = Number(tag >> 3n);
      let value: bigint | Uint8Array;
      if ((tag & 7n) === 0n) value = number();
      else if ((tag & 7n) === 2n) {
        const length = Number(number());
        value = data.subarray(at, at + length);
        at += length;
      } else throw new RangeError(`wire type ${tag & 7n}`);
      this.#all.set(key, [...(this.#all.get(key) ?? []), value]);
    }
  }

  number(field: number): number {
    const value = this.#all.get(field)?.at(-1) ?? 0n;
    return typeof value === "bigint" ? Number(BigInt.asIntN(64, value)) : NaN;
  }

  text(field: number): string {
    const value = this.#all.get(field)?.at(-1) ?? new Uint8Array();
    return typeof value === "bigint" ? "" : new TextDecoder().decode(value);
  }

  message(field: number): Fields {
    const value = this.#all.get(field)?.at(-1) ?? new Uint8Array();
    return new Fields(typeof value === "bigint" ? new Uint8Array() : value);
  }
}
