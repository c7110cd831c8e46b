// Domain names as messages have them (RFC 1035, 3.1 and 4.1.4) and as people write them (RFC 1035, 5.1).
import { get16 } from "../wire.js";

/** RFC 1035, 2.3.4. */
const [labelMax, nameMax] = [63, 255];
const [dot, backslash] = [0x2e, 0x5c];

/** What is read is no message. */
export class Malformed extends Error {}

/** The name at `from` and where it ends; pointers go back only, so that they end (RFC 1035, 4.1.4). */
export function nameAt(data: Uint8Array, from: number): readonly [name: string, end: number] {
  const labels: string[] = [];
  let [at, end, size, limit] = [from, -1, 1, from];
  for (;;) {
    const length = data[at];
    if (length === undefined) throw new Malformed();
    if (length >= 0xc0) {
      if (at + 1 >= data.length) throw new Malformed();
      if (end < 0) end = at + 2;
      at = get16(data, at) & 0x3fff;
      if (at >= limit) throw new Malformed();
      limit = at;
      continue;
    }
    if (length > labelMax) throw new Malformed();
    if (length === 0) return [labels.join("."), end < 0 ? at + 1 : end];
    size += length + 1;
    if (size > nameMax || at + 1 + length > data.length) throw new Malformed();
    labels.push(Array.from(data.subarray(at + 1, at + 1 + length), labelText).join(""));
    at += length + 1;
  }
}

/** RFC 4343, 2.1: what is not printable, and the dot, by number. */
const labelText = (byte: number): string =>
  byte === 0x2e || byte === 0x5c
    ? `\\${String.fromCharCode(byte)}`
    : byte > 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\${`${byte}`.padStart(3, "0")}`;

/** A name as bytes, without pointers; a dot at its end changes nothing. Throws RangeError where it is none: too long, or an empty label. */
export function nameBytes(name: string): Uint8Array {
  const refuse = (): never => {
    throw new RangeError(`not a domain name: ${name}`);
  };
  const bytes: number[] = [];
  let label: number[] = [];
  const finish = (): void => {
    if (label.length === 0 || label.length > labelMax) refuse();
    bytes.push(label.length, ...label);
    label = [];
  };
  for (let at = name === "." ? 1 : 0; at < name.length; at++) {
    let char = name.charCodeAt(at);
    if (char === dot) {
      finish();
      continue;
    }
    if (char === backslash) {
      const number = /^\d{3}/.exec(name.slice(at + 1, at + 4))?.[0];
      char = number === undefined ? name.charCodeAt(at + 1) : Number(number);
      at += number === undefined ? 1 : 3;
    }
    // What follows a backslash at the end is no character at all.
    if (!(char <= 255)) refuse();
    label.push(char);
  }
  if (label.length > 0) finish();
  bytes.push(0);
  if (bytes.length > nameMax) refuse();
  return Uint8Array.from(bytes);
}
