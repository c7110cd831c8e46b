// HTTP/1.1 on a connection: heads, and bodies of a known length, in chunks, or up to the end. RFC 9112.
import { encodeText } from "../encoding";
import { host } from "../host";
import type { TcpConnection } from "../tcp";

/** What the other side has sent wrong, with the status that says so. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Head {
  /** The first line. */
  readonly start: string;
  /** By lower-case name; what is given several times with commas. */
  readonly fields: ReadonlyMap<string, string>;
  readonly cookies: readonly string[];
}

const lineEnd = [13, 10] as const;

/** One byte, one character: fields may hold what is no UTF-8. */
function latin1(bytes: Uint8Array, at: number, end: number): string {
  const text = host.decodeText(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, end - at);
  if (text !== undefined && text.length === end - at) return text;
  let out = "";
  for (const byte of bytes.subarray(at, end)) out += String.fromCharCode(byte);
  return out;
}

/** Reads from a connection with as many bytes in hand as have come. */
export class Reader {
  readonly #connection: TcpConnection;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Bytes in hand in which no head ends. */
  #searched = 0;
  /** Bytes are in hand in which a head has not been looked for. */
  hasMore = false;

  constructor(connection: TcpConnection) {
    this.#connection = connection;
  }

  /** Bytes in hand. */
  get available(): number {
    return this.#bytes.length - this.#at;
  }

  #add(data: Uint8Array): void {
    const left = this.#bytes.length - this.#at;
    if (left === 0) this.#bytes = data;
    else {
      const joined = new Uint8Array(left + data.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(data, left);
      this.#bytes = joined;
    }
    this.#at = 0;
    this.hasMore = true;
  }

  /** Waits for more; false at the end. */
  async #more(): Promise<boolean> {
    const data = await this.#connection.read();
    if (data === undefined) return false;
    this.#add(data);
    return true;
  }

  /** Takes what has come; false where nothing has. Throws what `read` rejects with. */
  takeMore(): boolean {
    const data = this.#connection.take();
    if (data === undefined) return false;
    this.#add(data);
    return true;
  }

  /** A head of at most `most` bytes, if all of it is in hand. */
  headInHand(most: number): Head | undefined {
    const bytes = this.#bytes;
    // Empty lines in front of a request are left out (RFC 9112, 2.2).
    while (bytes[this.#at] === lineEnd[0] && bytes[this.#at + 1] === lineEnd[1]) this.#at += 2;
    const { length } = bytes;
    const at = this.#at;
    if (length === at) {
      this.hasMore = false;
      return undefined;
    }
    const start = bytes.byteOffset;
    const from = start + at + this.#searched;
    const end = host.findEmptyLine(bytes.buffer, from, start + length) - start;
    if (end < 0) {
      if (length - at > most) throw new HttpError(431, "the head is too large");
      this.#searched = Math.max(0, length - at - 3);
      this.hasMore = false;
      return undefined;
    }
    if (end - at > most) throw new HttpError(431, "the head is too large");
    this.#searched = 0;
    this.#at = end + 4;
    this.hasMore = length > end + 4;
    return parseHead(latin1(bytes, at, end));
  }

  /** A head of at most `most` bytes; undefined where the connection ends before one. */
  async head(most: number): Promise<Head | undefined> {
    for (;;) {
      const head = this.headInHand(most);
      if (head !== undefined) return head;
      if (await this.#more()) continue;
      this.checkEnd();
      return undefined;
    }
  }

  /** Throws where the connection has ended within a head. */
  checkEnd(): void {
    if (this.available > 0) throw new HttpError(400, "the connection ended within a head");
  }

  /** Up to `most` of the bytes that come next; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.available === 0) if (!(await this.#more())) return undefined;
    const part = this.#bytes.subarray(this.#at, this.#at + most);
    this.#at += part.length;
    return part;
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#bytes.indexOf(lineEnd[1], this.#at);
      if (end >= 0) {
        const text = latin1(this.#bytes, this.#at, end).replace(/\r$/, "");
        this.#at = end + 1;
        return text;
      }
      if (this.available > 4096) throw new HttpError(400, "a line of a body is too long");
      if (!(await this.#more())) throw new HttpError(400, "the connection ended within a body");
    }
  }

  /** A body as parts. */
  async *body(framing: Framing): AsyncGenerator<Uint8Array, void> {
    if (framing.kind === "end") {
      for (let part = await this.some(65_536); part !== undefined; part = await this.some(65_536)) yield part;
      return;
    }
    if (framing.kind === "length") {
      yield* this.#exactly(framing.length);
      return;
    }
    for (;;) {
      const size = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;.*)?$/.exec(await this.#line())?.[1];
      if (size === undefined) throw new HttpError(400, "a chunk without a size");
      const length = Number.parseInt(size, 16);
      if (length === 0) break;
      yield* this.#exactly(length);
      if ((await this.#line()) !== "") throw new HttpError(400, "a chunk of another size");
    }
    for (let lines = 0; (await this.#line()) !== ""; lines++) {
      if (lines === 100) throw new HttpError(431, "too many trailers");
    }
  }

  async *#exactly(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) throw new HttpError(400, "the connection ended within a body");
      left -= part.length;
      yield part;
    }
  }
}

const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;

/** What came lately, by its text: clients send the same over and over. Nobody changes what it gives. */
export class Recent<V> {
  readonly #values = new Map<string, V>();

  get(text: string): V | undefined {
    return this.#values.get(text);
  }

  set(text: string, value: V): V {
    if (text.length > 1024) return value;
    if (this.#values.size >= 24) this.#values.clear();
    this.#values.set(text, value);
    return value;
  }
}

export type Fields = Omit<Head, "start">;
const recentFields = new Recent<Fields>();

function parseHead(text: string): Head {
  const end = text.indexOf("\r\n");
  const start = end < 0 ? text : text.slice(0, end);
  const lines = end < 0 ? "" : text.slice(end);
  const { fields, cookies } = recentFields.get(lines) ?? recentFields.set(lines, parseFields(lines));
  return { start, fields, cookies };
}

function parseFields(text: string): Fields {
  const [, ...lines] = text.split("\r\n");
  const fields = new Map<string, string>();
  const cookies: string[] = [];
  for (const line of lines) {
    const match = field.exec(line);
    // Folded lines and spaces in front of a colon are what request smuggling is made of.
    if (match === null || /[\0\r\n]/.test(line)) throw new HttpError(400, "a header that is none");
    const [, name = "", value = ""] = match;
    const key = name.toLowerCase();
    if (key === "set-cookie") cookies.push(value);
    else {
      const before = fields.get(key);
      fields.set(key, before === undefined ? value : `${before}, ${value}`);
    }
  }
  return { fields, cookies };
}

export type Framing =
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "end" };

/** How a body is framed (RFC 9112, 6.3); what is said twice differently, or by two means, is refused. */
export function framingOf({ fields }: Pick<Head, "fields">, otherwise: Framing): Framing {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) throw new HttpError(400, "a length and a transfer encoding");
    if (coding.toLowerCase() !== "chunked") throw new HttpError(501, "a transfer encoding that is not there");
    return { kind: "chunked" };
  }
  if (length === undefined) return otherwise;
  const [first = "", ...others] = length.split(/[ \t]*,[ \t]*/);
  if (!/^\d{1,15}$/.test(first) || others.some((other) => other !== first)) {
    throw new HttpError(400, "a length that is none");
  }
  return { kind: "length", length: Number(first) };
}

/** One chunk of a body in chunks; the last is empty. */
export function chunk(data: Uint8Array): Uint8Array {
  const size = encodeText(`${data.length.toString(16)}\r\n`);
  const out = new Uint8Array(size.length + data.length + 2);
  out.set(size);
  out.set(data, size.length);
  out.set(lineEnd, size.length + data.length);
  return out;
}

export const lastChunk = encodeText("0\r\n\r\n");
