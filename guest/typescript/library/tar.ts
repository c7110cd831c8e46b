// Reads the members of a tar archive: POSIX ustar with pax headers (IEEE 1003.1, pax), and GNU's long names.
import { TextDecoder } from "./encoding";

/** Bytes from `offset` on of what the archive lies on. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

export interface TarMember {
  readonly path: string;
  /** Where its content is. */
  readonly offset: number;
  readonly size: number;
}

const recordSize = 512;
/** Of a header that says more of the next member: names, not contents. */
const extensionMax = 65_536;

const text = (field: Uint8Array): string => {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
};

/** Octal digits, or, where the first bit is set, a number of the bytes that follow. */
function number(field: Uint8Array): number {
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(text(field).trim() || "0", 8);
  return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Its own field counts as spaces. */
function isHeader(record: Uint8Array): boolean {
  const sum = record.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  return sum === number(record.subarray(148, 156));
}

/** `LENGTH KEY=VALUE\n`, over and over; lengths are in bytes. */
function paxRecords(data: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const length = Number.parseInt(text(data.subarray(at, at + 12)), 10);
    if (!(length > 0) || at + length > data.length) break;
    const [, key = "", value = ""] = /^\d+ ([^=]*)=(.*)\n$/s.exec(text(data.subarray(at, at + length))) ?? [];
    records.set(key, value);
    at += length;
  }
  return records;
}

/** The archive's files; of those with the same path the last counts, as when it is unpacked. */
export async function readTar(readAt: ReadAt, capacity: number): Promise<readonly TarMember[]> {
  const members: TarMember[] = [];
  let longName: string | undefined;
  let pax: ReadonlyMap<string, string> = new Map();
  let at = 0;
  while (at + recordSize <= capacity) {
    const record = await readAt(at, recordSize);
    if (record.every((byte) => byte === 0)) break;
    if (!isHeader(record)) {
      if (at === 0) throw new Error("there is no tar archive");
      break;
    }
    const type = String.fromCharCode(record[156] ?? 0);
    const size = Number(pax.get("size") ?? number(record.subarray(124, 136)));
    const offset = at + recordSize;
    if (!(size >= 0) || offset + size > capacity) throw new Error("the tar archive is cut off");
    at = offset + Math.ceil(size / recordSize) * recordSize;
    if (type === "x" || type === "g" || type === "L" || type === "K") {
      const data = await readAt(offset, Math.min(size, extensionMax));
      if (type === "x") pax = paxRecords(data);
      if (type === "L") longName = text(data);
      continue;
    }
    const isUstar = text(record.subarray(257, 262)) === "ustar";
    // GNU's own format has other things where the prefix would be.
    const prefix = isUstar && record[262] === 0 ? text(record.subarray(345, 500)) : "";
    const name = text(record.subarray(0, 100));
    const path = pax.get("path") ?? longName ?? (prefix === "" ? name : `${prefix}/${name}`);
    if (type === "0" || type === "\0" || type === "7") members.push({ path, offset, size });
    longName = undefined;
    pax = new Map();
  }
  return members;
}
