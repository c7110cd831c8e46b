// Requests of HTTP/1 on a stream of bytes (RFC 9112), as far as a unikernel's client sends them: what a fetch wants to know of each.
import { decodeText } from "../../bytes/text.js";

export interface HttpRequest {
  readonly method: string;
  /** `/path?query`, or a whole URL. */
  readonly target: string;
  /** Names in lower case, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** Whether another request may follow on the stream. */
  readonly keepsAlive: boolean;
  /** Whether the answer's body may come in chunks. */
  readonly takesChunks: boolean;
}

const most = { head: 0x1_0000, body: 0x100_0000 } as const;

export interface RequestReader {
  push(bytes: Uint8Array): void;
  /** The next request that is complete; undefined where it is not, `false` where what comes is none. */
  next(): HttpRequest | undefined | false;
}

const lineEnd = [13, 10] as const;
/** Where a line ends at or after `at`; -1 where it does not yet. */
function endOfLine(bytes: Uint8Array, at: number): number {
  for (let i = at; i + 1 < bytes.length; i++)
    if (bytes[i] === lineEnd[0] && bytes[i + 1] === lineEnd[1]) return i;
  return -1;
}

type Head = Omit<HttpRequest, "body">;

function readHead(lines: readonly string[]): Head | undefined {
  const [, method = "", target = "", minor] =
    /^([!#$%&'*+.^`|~\w-]+) (\S+) HTTP\/1\.([01])$/.exec(lines[0] ?? "") ?? [];
  if (method === "") return undefined;
  const headers: [string, string][] = [];
  for (const line of lines.slice(1)) {
    const [, name, value = ""] = /^([!#$%&'*+.^`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) return undefined;
    headers.push([name.toLowerCase(), value]);
  }
  const isNew = minor === "1";
  const says = (what: string): boolean =>
    headers.some(([name, value]) => name === "connection" && value.toLowerCase() === what);
  const keepsAlive = isNew ? !says("close") : says("keep-alive");
  return { method, target, headers, keepsAlive, takesChunks: isNew };
}

/** What a body in chunks comes to, and where it ends (RFC 9112, 7.1); how many bytes there must be to say more. */
function readChunks(bytes: Uint8Array, start: number): { body: Uint8Array; end: number } | number | false {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = start; ;) {
    const line = endOfLine(bytes, at);
    if (line < 0) return bytes.length + 1;
    const size = /^([\da-f]{1,7})[ \t]*(?:;.*)?$/i.exec(decodeText(bytes.subarray(at, line)))?.[1];
    if (size === undefined) return false;
    const length = Number.parseInt(size, 16);
    at = line + 2;
    if (length === 0) {
      // Trailers are of no use here.
      for (let end; (end = endOfLine(bytes, at)) >= 0; at = end + 2)
        if (end === at) return { body: joined(parts, total), end: at + 2 };
      return bytes.length + 1;
    }
    if ((total += length) > most.body) return false;
    if (bytes.length < at + length + 2) return at + length + 2;
    parts.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
}

function joined(parts: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function createRequestReader(): RequestReader {
  let chunks: Uint8Array[] = [];
  let size = 0;
  const all = (): Uint8Array => {
    const [only] = chunks;
    const whole = chunks.length === 1 && only !== undefined ? only : joined(chunks, size);
    chunks = [whole];
    return whole;
  };
  const take = (bytes: Uint8Array, end: number): void => {
    chunks = [bytes.slice(end)];
    size -= end;
  };
  /** Bytes that there must be before it is worth to look again. */
  let needed = 0;
  return {
    push(bytes) {
      chunks.push(bytes);
      size += bytes.length;
    },
    next() {
      if (size === 0 || size < needed) return undefined;
      const bytes = all();
      const lines: string[] = [];
      let at = 0;
      for (let end; (end = endOfLine(bytes, at)) !== at; at = end + 2) {
        if (end < 0) return size > most.head ? false : undefined;
        lines.push(decodeText(bytes.subarray(at, end)));
      }
      at += 2;
      const head = readHead(lines);
      if (head === undefined || at > most.head) return false;
      const of = (name: string): string | undefined => head.headers.find(([one]) => one === name)?.[1];
      if (of("transfer-encoding") !== undefined) {
        if (of("transfer-encoding")?.toLowerCase() !== "chunked") return false;
        const found = readChunks(bytes, at);
        if (found === false) return false;
        needed = typeof found === "number" ? found : 0;
        if (typeof found === "number") return undefined;
        take(bytes, found.end);
        return { ...head, body: found.body };
      }
      const length = of("content-length") ?? "0";
      if (!/^\d{1,9}$/.test(length) || Number(length) > most.body) return false;
      needed = at + Number(length);
      if (bytes.length < needed) return undefined;
      const body = bytes.slice(at, needed);
      take(bytes, needed);
      needed = 0;
      return { ...head, body };
    },
  };
}
