// DNS messages (RFC 1035, 4), with IPv6 addresses (RFC 3596) and what EDNS needs to be polite (RFC 6891).
import { get16, get32, set16 } from "../wire.js";
import { Malformed, nameAt, nameBytes } from "./name.js";

/** Types that have a form of their own here; others are bytes. */
export const recordType = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  mx: 15,
  txt: 16,
  aaaa: 28,
  srv: 33,
  opt: 41,
  any: 255,
} as const;
export const responseCode = {
  ok: 0,
  format: 1,
  failure: 2,
  noName: 3,
  notImplemented: 4,
  refused: 5,
} as const;
export const classIn = 1;
export const dnsPort = 53;

export interface Question {
  /** Without the last dot, as it was asked: `example.org`. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  /** The bytes, in which names are written out; of `cname`, `ns` and `ptr` see `target`. */
  readonly data: Uint8Array;
  readonly target?: string;
}

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly code: number;
  readonly questions: readonly Question[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** More in one message than any answer has. */
const recordsMax = 512;

/** The message in `data`, or undefined where it is malformed. */
export function readDns(data: Uint8Array): DnsMessage | undefined {
  if (data.length < 12) return undefined;
  let at = 12;
  const need = (size: number): number => {
    if (at + size > data.length) throw new Malformed();
    at += size;
    return at - size;
  };
  const readName = (): string => {
    const [name, end] = nameAt(data, at);
    at = end;
    return name;
  };
  const question = (): Question => ({
    name: readName(),
    type: get16(data, need(2)),
    class: get16(data, need(2)),
  });
  const record = (): DnsRecord => {
    const head = {
      name: readName(),
      type: get16(data, need(2)),
      class: get16(data, need(2)),
      ttl: get32(data, need(4)) >>> 0,
    };
    const size = get16(data, need(2));
    const start = need(size);
    const { type } = head;
    const isName = type === recordType.cname || type === recordType.ns || type === recordType.ptr;
    if (!isName) return { ...head, data: expanded(data, type, start, start + size) };
    const [target] = nameAt(data, start);
    return { ...head, data: nameBytes(target), target };
  };
  const list = <T>(count: number, read: () => T): T[] => {
    if (count > recordsMax) throw new Malformed();
    return Array.from({ length: count }, read);
  };
  const flags = get16(data, 2);
  try {
    return {
      id: get16(data, 0),
      response: (flags & 0x8000) !== 0,
      opcode: (flags >> 11) & 15,
      authoritative: (flags & 0x400) !== 0,
      truncated: (flags & 0x200) !== 0,
      recursionDesired: (flags & 0x100) !== 0,
      recursionAvailable: (flags & 0x80) !== 0,
      code: flags & 15,
      questions: list(get16(data, 4), question),
      answers: list(get16(data, 6), record),
      authorities: list(get16(data, 8), record),
      additionals: list(get16(data, 10), record),
    };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Data in which no pointer is left, since it may go to another message (RFC 3597, 4, for the old types). */
function expanded(data: Uint8Array, type: number, start: number, end: number): Uint8Array {
  const prefix = type === recordType.mx ? 2 : type === recordType.srv ? 6 : type === recordType.soa ? 0 : -1;
  if (prefix < 0) return data.slice(start, end);
  if (start + prefix > end) throw new Malformed();
  const [first, at] = nameAt(data, start + prefix);
  const parts = [...data.subarray(start, start + prefix), ...nameBytes(first)];
  if (type !== recordType.soa) return Uint8Array.from(parts);
  const [second, rest] = nameAt(data, at);
  if (rest > end) throw new Malformed();
  return Uint8Array.from([...parts, ...nameBytes(second), ...data.subarray(rest, end)]);
}

/**
 * The message as bytes, names shortened by pointers. Where it has more than `sizeMax` bytes whole records are left out and it
 * is marked truncated (RFC 2181, 9). Throws RangeError for names that are none.
 */
export function writeDns(message: DnsMessage, sizeMax = 65_535): Uint8Array {
  const out: number[] = [];
  const known = new Map<string, number>();
  const push16 = (value: number): void => void out.push((value >> 8) & 255, value & 255);
  const name = (text: string): void => {
    const bytes = nameBytes(text);
    for (let at = 0; ; at += (bytes[at] ?? 0) + 1) {
      const key = bytes.subarray(at).join();
      const pointer = known.get(key);
      if (bytes[at] === 0) {
        out.push(0);
        return;
      }
      if (pointer !== undefined) {
        push16(0xc000 | pointer);
        return;
      }
      if (out.length < 0x4000) known.set(key, out.length);
      out.push(...bytes.subarray(at, at + 1 + (bytes[at] ?? 0)));
    }
  };
  for (let i = 0; i < 6; i++) push16(0);
  for (const question of message.questions) {
    name(question.name);
    push16(question.type);
    push16(question.class);
  }
  let cut = false;
  const counts = [message.questions.length];
  for (const section of [message.answers, message.authorities, message.additionals]) {
    let count = 0;
    for (const record of section) {
      const start = out.length;
      name(record.name);
      push16(record.type);
      push16(record.class);
      push16(record.ttl >>> 16);
      push16(record.ttl & 0xffff);
      push16(0);
      const data = out.length;
      if (record.target === undefined) out.push(...record.data);
      else name(record.target);
      out[data - 2] = (out.length - data) >> 8;
      out[data - 1] = (out.length - data) & 255;
      if (cut || out.length > sizeMax) {
        out.length = start;
        for (const [key, at] of known) if (at >= start) known.delete(key);
        cut = true;
        break;
      }
      count++;
    }
    counts.push(count);
  }
  const bytes = Uint8Array.from(out);
  const bit = (set: boolean, value: number): number => (set ? value : 0);
  set16(bytes, 0, message.id);
  set16(bytes, 2, bit(message.response, 0x8000) | (message.opcode << 11) | bit(message.authoritative, 0x400) | bit(message.truncated || cut, 0x200) | bit(message.recursionDesired, 0x100) | bit(message.recursionAvailable, 0x80) | message.code); // prettier-ignore
  counts.forEach((count, i) => set16(bytes, 4 + i * 2, count));
  return bytes;
}

/** A query for one name. */
export const queryFor = (id: number, name: string, type: number): DnsMessage => ({
  id,
  response: false,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: true,
  recursionAvailable: false,
  code: responseCode.ok,
  questions: [{ name, type, class: classIn }],
  answers: [],
  authorities: [],
  additionals: [],
});

/** The answer to `query`, so far without records. */
export const answerTo = (
  query: DnsMessage,
  code: number,
  answers: readonly DnsRecord[] = [],
): DnsMessage => ({
  ...query,
  response: true,
  authoritative: false,
  truncated: false,
  recursionAvailable: true,
  code,
  answers,
  authorities: [],
  additionals: [],
});
