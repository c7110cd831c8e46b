// The log of a recording: what the host told the guest, in order. A header in JSON, the unikernel's file, then events of a
// few bytes each, appended as they happen: a log that was cut off holds everything up to there.
//
//   "S5REC\x02", 2 bytes of 0, u32 length of the header, u32 length of the file, header, file, events
//   event: a byte with the kind (and bit 7: true), then by kind nothing, a LEB128 number, or a LEB128 length and bytes
import type { Stateful } from "../../bytes/plain.js";
import { Solo5Error } from "../../bytes/error.js";
import { bytes, encode, struct, u32, viewOf } from "../../bytes/struct.js";
import { hashBytes } from "./hash.js";

const prologue = struct(16, { magic: bytes(8), headerSize: u32, fileSize: u32 });
const magic = Uint8Array.of(0x53, 0x35, 0x52, 0x45, 0x43, 2, 0, 0);

/** What each kind carries: a truth, a number as the difference from the last of its kind, a number, bytes. */
export const events = {
  monotonic: { kind: 1, carries: "difference" },
  wall: { kind: 2, carries: "difference" },
  random: { kind: 3, carries: "number" },
  readable: { kind: 4, carries: "truth" },
  frame: { kind: 5, carries: "bytes" },
  noFrame: { kind: 6, carries: "truth" },
  result: { kind: 7, carries: "number" },
  sectors: { kind: 8, carries: "bytes" },
  end: { kind: 9, carries: "number" },
  /** The number of the exit, and what `checkpoint.ts` makes of the guest there. */
  exits: { kind: 10, carries: "difference" },
  checkpoint: { kind: 11, carries: "number" },
} as const;
type EventName = keyof typeof events;
type Carrying<C> = { [K in EventName]: (typeof events)[K]["carries"] extends C ? K : never }[EventName];
type NumberEvent = Carrying<"number" | "difference">;
type BytesEvent = Carrying<"bytes">;
type TruthEvent = Carrying<"truth">;

const truthBit = 0x80;
/** Signed to unsigned, so that small differences either way are short. */
const zigzag = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
const unzigzag = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n);

/** Thrown where the log has no more events: the recording ends here. */
export class EndOfLog extends Error {}

export interface LogWriter {
  number(name: NumberEvent, value: bigint): void;
  bytes(name: BytesEvent, data: Uint8Array): void;
  truth(name: TruthEvent, value: boolean): void;
  /** The guest is at its `exits`th exit in a state with a hash; the events since the last checkpoint go into it. */
  checkpoint(exits: number, hash: number): void;
  /** Hands over what is not yet written. */
  flush(): void;
}

const bufferSize = 1 << 16;

/** `header` must survive JSON. */
export function createLogWriter(
  header: object,
  file: Uint8Array,
  write: (data: Uint8Array) => void,
): LogWriter {
  const text = new TextEncoder().encode(JSON.stringify(header));
  write(encode(prologue, { magic, headerSize: text.length, fileSize: file.length }));
  write(text);
  write(file);
  const buffer = new Uint8Array(bufferSize);
  let used = 0;
  /** Where in the buffer what is not yet hashed begins, and the hash of what is. */
  let fresh = 0;
  let hash = hashBytes(file, hashBytes(text));
  const last = new Map<number, bigint>();
  const takeHash = (): number => {
    hash = hashBytes(buffer.subarray(fresh, used), hash);
    fresh = used;
    return hash;
  };
  const flush = (): void => {
    takeHash();
    fresh = 0;
    if (used > 0) write(buffer.subarray(0, used));
    used = 0;
  };
  const byte = (value: number): void => {
    if (used === bufferSize) flush();
    buffer[used++] = value;
  };
  const leb = (value: bigint): void => {
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) byte(Number(rest & 0x7fn) | 0x80);
    byte(Number(rest));
  };
  const number: LogWriter["number"] = (name, value) => {
    const { kind, carries } = events[name];
    byte(kind);
    leb(carries === "number" ? value : zigzag(value - (last.get(kind) ?? 0n)));
    last.set(kind, value);
  };
  return {
    number,
    checkpoint(exits, state) {
      const before = takeHash();
      number("exits", BigInt(exits));
      number("checkpoint", BigInt((state ^ before) >>> 0));
    },
    bytes(name, data) {
      byte(events[name].kind);
      leb(BigInt(data.length));
      for (const value of data) byte(value);
    },
    truth: (name, value) => byte(events[name].kind | (value ? truthBit : 0)),
    flush,
  };
}

export interface LogReader {
  readonly header: unknown;
  readonly file: Uint8Array;
  /** Each throws `EndOfLog`, or Solo5Error `DIVERGED` where the log has another event here. */
  number(name: NumberEvent): bigint;
  bytes(name: BytesEvent): Uint8Array;
  truth(name: TruthEvent): boolean;
  /** The exit that the next event is a checkpoint at, if it is one. */
  readonly nextCheckpoint: number | undefined;
  /** Takes a checkpoint; throws Solo5Error `DIVERGED` where it is for another exit or another hash. */
  checkpoint(exits: number, hash: number): void;
  /** Whether the next event is one of `name`. */
  isNext(name: EventName): boolean;
  /** Nothing was recorded from here on. */
  readonly isAtEnd: boolean;
  /** Where in the log it is. */
  readonly stateful: Stateful;
}

type LogState = {
  readonly at: number;
  readonly hashed: number;
  readonly hash: number;
  /** The last number of each kind, which the next is told by its difference from. */
  readonly last: readonly { readonly kind: number; readonly value: bigint }[];
};

/** Throws Solo5Error `RECORDING` where `data` does not begin as a log. */
export function createLogReader(data: Uint8Array, name: string): LogReader {
  const bad = (what: string): Solo5Error => new Solo5Error("RECORDING", `${name}: ${what}`);
  const isLog = data.length >= prologue.size && magic.every((byte, i) => data[i] === byte);
  if (!isLog) throw bad("not a recording");
  const { headerSize, fileSize } = prologue.read(viewOf(data), 0);
  const start = prologue.size + headerSize + fileSize;
  if (start > data.length) throw bad("the recording is cut off before its first event");
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(data.subarray(prologue.size, prologue.size + headerSize)));
  } catch (cause) {
    throw new Solo5Error("RECORDING", `${name}: the recording's header is damaged`, { cause });
  }
  let at = start;
  let last = new Map<number, bigint>();
  /** What has been hashed of the log. */
  let hashed = start;
  let hash = hashBytes(data.subarray(prologue.size, start));

  const leb = (from: number): { readonly value: bigint; readonly next: number } => {
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = data[from + i];
      if (byte === undefined) throw new EndOfLog();
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: from + i + 1 };
    }
    throw bad(`a number at ${from} has no end`);
  };
  const kindAt = (): number => (data[at] ?? 0) & ~truthBit;
  const isAtEnd = (): boolean => at >= data.length || kindAt() === events.end.kind;
  const expect = (wanted: EventName): void => {
    if (isAtEnd()) throw new EndOfLog();
    if (kindAt() !== events[wanted].kind) {
      throw new Solo5Error("DIVERGED", `at ${at} the recording does not fit: the guest asks for ${wanted}`);
    }
  };
  const number: LogReader["number"] = (wanted) => {
    expect(wanted);
    const { kind, carries } = events[wanted];
    const { value, next } = leb(at + 1);
    const whole = carries === "number" ? value : unzigzag(value) + (last.get(kind) ?? 0n);
    last.set(kind, whole);
    at = next;
    return whole;
  };
  const peekExits = (): number | undefined => {
    if (at >= data.length || kindAt() !== events.exits.kind) return undefined;
    return Number(unzigzag(leb(at + 1).value) + (last.get(events.exits.kind) ?? 0n));
  };
  return {
    header,
    number,
    get nextCheckpoint() {
      return peekExits();
    },
    checkpoint(exits, state) {
      hash = hashBytes(data.subarray(hashed, at), hash);
      hashed = at;
      const isThere = number("exits") === BigInt(exits);
      if (isThere && number("checkpoint") === BigInt((state ^ hash) >>> 0)) return;
      throw new Solo5Error(
        "DIVERGED",
        `at exit ${exits} the guest is not what it was: the recording or this engine has changed`,
      );
    },
    file: data.subarray(prologue.size + headerSize, start),
    bytes(wanted) {
      expect(wanted);
      const { value, next } = leb(at + 1);
      if (BigInt(next) + value > BigInt(data.length)) throw new EndOfLog();
      at = next + Number(value);
      return data.slice(next, at);
    },
    truth(wanted) {
      expect(wanted);
      return ((data[at++] ?? 0) & truthBit) !== 0;
    },
    isNext: (wanted) => at < data.length && kindAt() === events[wanted].kind,
    get isAtEnd() {
      return isAtEnd();
    },
    stateful: {
      save: (): LogState => ({ at, hashed, hash, last: [...last].map(([kind, value]) => ({ kind, value })) }),
      restore(saved: LogState) {
        ({ at, hashed, hash } = saved);
        last = new Map(saved.last.map(({ kind, value }) => [kind, value]));
      },
    },
  };
}
