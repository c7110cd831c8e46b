// Plain data as bytes: CBOR, RFC 8949, in its deterministic form but for the order of maps, which is the owner's. Integers that are
// bigints are bignums (3.4.3) whatever their size, so that they come back as they went.
import { decodeText, encodeText } from "../bytes/text.js";
import type { Plain } from "../bytes/plain.js";

const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;
const simple = { false: 20, true: 21, null: 22, undefined: 23, float64: 27 } as const;
const tag = { positive: 2, negative: 3 } as const;
/** Deeper data nobody has, and reading goes down by calls. */
const depthMax = 64;

/** Data that is cut off, or was never written by `encodePlain`. */
export class BadData extends Error {}

export function encodePlain(value: Plain): Uint8Array {
  const parts: Uint8Array[] = [];
  const head = (kind: number, argument: number | bigint): void => {
    const size =
      argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
    const bytes = new Uint8Array(1 + size);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, (kind << 5) | (size === 0 ? Number(argument) : 24 + Math.log2(size)));
    if (size === 1) view.setUint8(1, Number(argument));
    else if (size === 2) view.setUint16(1, Number(argument));
    else if (size === 4) view.setUint32(1, Number(argument));
    else if (size === 8) view.setBigUint64(1, BigInt(argument));
    parts.push(bytes);
  };
  const string = (kind: number, bytes: Uint8Array): void => {
    head(kind, bytes.length);
    parts.push(bytes);
  };
  const number = (given: number): void => {
    if (Number.isSafeInteger(given) && !Object.is(given, -0)) {
      if (given >= 0) head(major.unsigned, given);
      else head(major.negative, -1 - given);
      return;
    }
    const bytes = new Uint8Array(9);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, (major.simple << 5) | simple.float64);
    view.setFloat64(1, given);
    parts.push(bytes);
  };
  const bigint = (given: bigint): void => {
    const magnitude = given < 0n ? -1n - given : given;
    head(major.tag, given < 0n ? tag.negative : tag.positive);
    const digits = magnitude === 0n ? "" : magnitude.toString(16);
    const even = digits.length % 2 === 0 ? digits : `0${digits}`;
    string(
      major.bytes,
      Uint8Array.from(even.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
    );
  };
  const write = (one: Plain): void => {
    if (typeof one === "number") number(one);
    else if (typeof one === "bigint") bigint(one);
    else if (typeof one === "string") string(major.text, encodeText(one));
    else if (one === undefined || one === null || typeof one === "boolean")
      head(major.simple, simple[`${one}` as "true"]);
    else if (one instanceof Uint8Array) string(major.bytes, one);
    else if (Array.isArray(one)) {
      head(major.array, one.length);
      for (const item of one as readonly Plain[]) write(item);
    } else map(one as Readonly<Record<string, Plain>>);
  };
  const map = (record: Readonly<Record<string, Plain>>): void => {
    if (typeof record !== "object") throw new TypeError(`a ${typeof record} is no plain data`);
    const entries = Object.entries(record);
    head(major.map, entries.length);
    for (const [name, item] of entries) {
      string(major.text, encodeText(name));
      write(item);
    }
  };
  write(value);
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Throws BadData. */
export function decodePlain(data: Uint8Array): Plain {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  const take = (size: number): number => {
    if (size > data.length - at)
      throw new BadData(`it ends at ${data.length}, where ${size} bytes should follow ${at}`);
    at += size;
    return at - size;
  };
  const argument = (info: number): number => {
    if (info < 24) return info;
    if (info === 24) return view.getUint8(take(1));
    if (info === 25) return view.getUint16(take(2));
    if (info === 26) return view.getUint32(take(4));
    const value = info === 27 ? Number(view.getBigUint64(take(8))) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw new BadData(`there is no length or number at ${at}`);
    return value;
  };
  const bytes = (size: number): Uint8Array => {
    const start = take(size);
    return new Uint8Array(data.subarray(start, start + size));
  };
  const bignum = (kind: number): bigint => {
    const content = read(0);
    if (!(content instanceof Uint8Array) || (kind !== tag.positive && kind !== tag.negative))
      throw new BadData(`there is no number at ${at}`);
    const value = content.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return kind === tag.positive ? value : -1n - value;
  };
  const plainSimple = (info: number): Plain => {
    switch (info) {
      case simple.false:
      case simple.true:
        return info === simple.true;
      case simple.null:
        return null;
      case simple.undefined:
        return undefined;
      case simple.float64:
        return view.getFloat64(take(8));
      default:
        throw new BadData(`there is no value at ${at}`);
    }
  };
  const map = (count: number, depth: number): Readonly<Record<string, Plain>> => {
    const entries: [string, Plain][] = [];
    for (let i = 0; i < count; i++) {
      const name = read(depth);
      if (typeof name !== "string") throw new BadData(`there is no name at ${at}`);
      entries.push([name, read(depth)]);
    }
    return Object.fromEntries(entries);
  };
  const list = (count: number, depth: number): readonly Plain[] => {
    const items: Plain[] = [];
    for (let i = 0; i < count; i++) items.push(read(depth));
    return items;
  };
  const read = (depth: number): Plain => {
    if (depth > depthMax) throw new BadData(`it is nested deeper than ${depthMax}`);
    const first = view.getUint8(take(1));
    const [kind, info] = [first >> 5, first & 0x1f];
    if (kind === major.simple) return plainSimple(info);
    const value = argument(info);
    switch (kind) {
      case major.unsigned:
        return value;
      case major.negative:
        return -1 - value;
      case major.bytes:
        return bytes(value);
      case major.text:
        return decodeText(bytes(value));
      case major.array:
        return list(value, depth + 1);
      case major.map:
        return map(value, depth + 1);
      default:
        return bignum(value);
    }
  };
  const value = read(0);
  if (at !== data.length) throw new BadData(`something follows its end at ${at}`);
  return value;
}
