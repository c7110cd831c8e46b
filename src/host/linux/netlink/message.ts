// Messages of netlink: a header, a fixed part, and attributes. RFC 3549, 2.3; Linux, Documentation/userspace-api/netlink/intro.rst.
import { encode, i32, struct, u16, u32, viewOf } from "../../../bytes/struct.js";
import { withNul } from "../../../bytes/text.js";

export const header = struct(16, { length: u32, type: u16, flags: u16, sequence: u32, port: u32 });
/** What answers a request: 0 or a negative errno, then the request's header. */
export const errorHead = struct(4, { error: i32 });
const attributeHead = struct(4, { length: u16, type: u16 });

export const messageType = { error: 2, done: 3 } as const;
export const messageFlag = {
  request: 1,
  ack: 4,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  /** Every one there is, instead of the one that is named. */
  dump: 0x300,
} as const;

const alignment = 4;
export const padded = (length: number): number => Math.ceil(length / alignment) * alignment;
/** The kernel flags attributes that hold others. */
const nested = 0x8000;
const typeMask = 0x3fff;

/** The parts, one after the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export interface Request {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

export const encodeRequest = ({ type, flags, body }: Request, sequence: number): Uint8Array =>
  join([encode(header, { length: header.size + body.length, type, flags, sequence, port: 0 }), body]);

/** An attribute with its padding. */
export function attribute(type: number, data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(padded(attributeHead.size + data.length));
  attributeHead.write(viewOf(whole), 0, { length: attributeHead.size + data.length, type });
  whole.set(data, attributeHead.size);
  return whole;
}

export const nest = (type: number, ...attributes: readonly Uint8Array[]): Uint8Array =>
  attribute(type | nested, join(attributes));
export const text = (type: number, value: string): Uint8Array => attribute(type, withNul(value));
export const word = (type: number, value: number): Uint8Array => attribute(type, encode(u32, value));

/** Attributes by their types; of those that come twice, the last. */
export function attributes(data: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at + attributeHead.size <= data.length;) {
    const { length, type } = attributeHead.read(viewOf(data), at);
    if (length < attributeHead.size || at + length > data.length) break;
    found.set(type & typeMask, data.subarray(at + attributeHead.size, at + length));
    at += padded(length);
  }
  return found;
}
