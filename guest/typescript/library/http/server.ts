// solo5:http serve: HTTP/1.1 with connections that are kept, bodies as streams, and bounds on all that a client may send.
import { encodeText, viewOf } from "../encoding";
import { clearTimeout, setInterval } from "../loop";
import { performance } from "../performance";
import { report } from "../report";
import { ReadableStream } from "../streams";
import { listen, type Address, type TcpConnection } from "../tcp";
import { declareNetwork, defaultDevice } from "../ip";
import { headLines } from "./headers";
import { fields, Request, Response } from "./message";
import { chunk, framingOf, HttpError, lastChunk, Reader, type Head } from "./wire";

export interface ServeOptions {
  readonly port?: number;
  readonly address?: string;
  readonly device?: string;
  /** Bytes of a request's first line and headers. */
  readonly maxHeadBytes?: number;
  readonly maxBodyBytes?: number;
  /** That a client may take for a head, and for each part of a body. */
  readonly timeoutMsecs?: number;
  /** That a connection is kept without a request. */
  readonly keepAliveMsecs?: number;
  readonly maxConnections?: number;
}

export interface Info {
  readonly remote: Address;
}

export type Handler = (request: Request, info: Info) => Response | Promise<Response>;

type Bounds = Required<Omit<ServeOptions, "address" | "device">>;
const defaults: Bounds = {
  port: 80,
  maxHeadBytes: 16_384,
  maxBodyBytes: 16 << 20,
  timeoutMsecs: 20_000,
  keepAliveMsecs: 60_000,
  maxConnections: 1024,
};

/** Texts of statuses: RFC 9110, 15. */
const reasons: Readonly<Record<number, string>> = {
  200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
  303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
  403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
  410: "Gone", 411: "Length Required", 413: "Content Too Large", 415: "Unsupported Media Type", 417: "Expectation Failed",
  422: "Unprocessable Content", 426: "Upgrade Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
  500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 505: "HTTP Version Not Supported",
}; // prettier-ignore

/** Connections with the time at which they are given up. */
const open = new Map<Session, number>();
let sweeper: number | undefined;

function sweep(): void {
  const now = performance.now();
  for (const [session, until] of open) if (until < now) session.expire();
  if (open.size > 0) return;
  clearTimeout(sweeper);
  sweeper = undefined;
}

/** Serves until the program ends, or `close` is called. */
export function serve(options: ServeOptions, handler: Handler): { close(): void; readonly port: number };
export function serve(handler: Handler): { close(): void; readonly port: number };
export function serve(
  given: ServeOptions | Handler,
  then?: Handler,
): { close(): void; readonly port: number } {
  const options = typeof given === "function" ? {} : given;
  const handler = typeof given === "function" ? given : then;
  if (typeof handler !== "function") throw new TypeError("serve needs a function that answers requests");
  const device = options.device ?? defaultDevice;
  const bounds: Bounds = { ...defaults, ...options };
  declareNetwork(device);
  return listen(
    { port: bounds.port, device, ...(options.address === undefined ? {} : { address: options.address }) },
    async (connection) => {
      if (open.size >= bounds.maxConnections) return connection.reset();
      const session = new Session(connection, handler, bounds);
      sweeper ??= setInterval(sweep, 1000);
      try {
        await session.run();
      } finally {
        open.delete(session);
      }
    },
  );
}

class Session {
  readonly #connection: TcpConnection;
  readonly #reader: Reader;
  readonly #handler: Handler;
  readonly #bounds: Bounds;
  readonly #info: Info;
  /** Nothing of a response has been sent that a second one could not follow. */
  #isBetween = true;

  constructor(connection: TcpConnection, handler: Handler, bounds: Bounds) {
    this.#connection = connection;
    this.#reader = new Reader(connection);
    this.#handler = handler;
    this.#bounds = bounds;
    this.#info = { remote: connection.remote };
  }

  #allow(msecs: number): void {
    open.set(this, performance.now() + msecs);
  }

  expire(): void {
    open.delete(this);
    this.#connection.reset();
  }

  async run(): Promise<void> {
    try {
      for (let first = true; await this.#exchange(first); first = false);
      this.#connection.close();
    } catch (error) {
      if (error instanceof HttpError && this.#isBetween) await this.#refuse(error);
      // What a client does not wait for is nobody's mistake.
      this.#connection.close();
    }
  }

  async #refuse({ status, message }: HttpError): Promise<void> {
    const text = `${message}\n`;
    const head = `HTTP/1.1 ${status} ${reasons[status]}\r\ncontent-length: ${text.length}\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n`;
    await this.#connection.write(encodeText(head + text)).catch(() => {});
    this.#connection.end();
    // A reset because of what is not read would take the answer away (RFC 9112, 9.6).
    this.#allow(1000);
    while ((await this.#reader.some(65_536).catch(() => undefined)) !== undefined);
  }

  /** One request and its response; whether the connection is kept. */
  async #exchange(isFirst: boolean): Promise<boolean> {
    const { maxHeadBytes, timeoutMsecs, keepAliveMsecs } = this.#bounds;
    this.#allow(isFirst ? timeoutMsecs : keepAliveMsecs);
    this.#isBetween = true;
    const head = await this.#reader.head(maxHeadBytes);
    if (head === undefined) return false;
    this.#allow(timeoutMsecs);
    const [, method = "", target = "", version = ""] = /^(\S+) (\S+) HTTP\/1\.([01])$/.exec(head.start) ?? [];
    if (method === "")
      throw new HttpError(/HTTP\/[\d.]+$/.test(head.start) ? 505 : 400, "a request line that is none");
    const name = head.fields.get("host");
    if (name === undefined && version === "1") throw new HttpError(400, "a request without a host");
    const connection = (head.fields.get("connection") ?? "").toLowerCase();
    const keeps = version === "1" ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
    const incoming = new Incoming(this.#reader, head, this.#bounds, () => this.#allow(timeoutMsecs));
    const expects = head.fields.get("expect")?.toLowerCase();
    if (expects !== undefined && expects !== "100-continue")
      throw new HttpError(417, "an expectation that is not known");
    if (expects !== undefined && incoming.hasBody) {
      await this.#connection.write(encodeText("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    const url = /^[a-z]+:\/\//i.test(target)
      ? target
      : `http://${name ?? this.#connection.local.address}${target}`;
    const response = await this.#answer(method, url, head, incoming);
    this.#isBetween = false;
    const isWhole = await this.#send(response, method === "HEAD", keeps && version === "1", keeps);
    return isWhole && keeps && (await incoming.skip());
  }

  async #answer(method: string, url: string, head: Head, incoming: Incoming): Promise<Response> {
    let request: Request;
    try {
      request = new ServerRequest(method, url, head, incoming.stream());
    } catch {
      throw new HttpError(400, "a request that is none");
    }
    try {
      // A handler may take its time; what it waits for is its own.
      open.set(this, Infinity);
      const response = await this.#handler(request, this.#info);
      if (!(response instanceof Response)) throw new TypeError("the handler gave no Response");
      return response;
    } catch (error) {
      if (error instanceof HttpError) throw error;
      report(error);
      return new Response("Internal Server Error\n", { status: 500 });
    }
  }

  async #send(response: Response, isHead: boolean, chunks: boolean, keeps: boolean): Promise<boolean> {
    const { status, headers } = response;
    const content = response.takeContent();
    const length = content === undefined ? 0 : "bytes" in content ? content.bytes.length : undefined;
    let head = `HTTP/1.1 ${status} ${response.statusText === "" ? (reasons[status] ?? "") : response.statusText}\r\n${headLines(headers)}`;
    const mayHaveBody = status !== 204 && status !== 304;
    const isChunked = length === undefined && chunks && !headers.has("content-length");
    if (length !== undefined && mayHaveBody && !headers.has("content-length"))
      head += `content-length: ${length}\r\n`;
    if (isChunked) head += "transfer-encoding: chunked\r\n";
    const isKept = keeps && (length !== undefined || isChunked || headers.has("content-length"));
    if (!headers.has("date")) head += `date: ${date()}\r\n`;
    if (!isKept) head += "connection: close\r\n";
    const start = encodeText(`${head}\r\n`);
    this.#allow(this.#bounds.timeoutMsecs);
    if (content === undefined || isHead || !mayHaveBody) await this.#connection.write(start);
    else if ("bytes" in content) {
      const whole = new Uint8Array(start.length + content.bytes.length);
      whole.set(start);
      whole.set(content.bytes, start.length);
      await this.#connection.write(whole);
    } else {
      await this.#connection.write(start);
      open.set(this, Infinity);
      for await (const part of content.stream) {
        const bytes = typeof part === "string" ? encodeText(part) : viewOf(part);
        if (bytes.length > 0) await this.#connection.write(isChunked ? chunk(bytes) : bytes.slice());
      }
      if (isChunked) await this.#connection.write(lastChunk);
    }
    return isKept;
  }
}

let dateSecond = 0;
let dateText = "";
/** The same within a second. */
function date(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== dateSecond) {
    dateSecond = now;
    dateText = new Date(now * 1000).toUTCString();
  }
  return dateText;
}

/** The body of a request, which is read by the handler or skipped. */
class Incoming {
  readonly hasBody: boolean;
  readonly #parts: AsyncGenerator<Uint8Array, void> | undefined;
  readonly #alive: () => void;
  #left: number;
  #isDone: boolean;

  constructor(reader: Reader, head: Head, { maxBodyBytes }: Bounds, alive: () => void) {
    const framing = framingOf(head, { kind: "length", length: 0 });
    this.hasBody = framing.kind !== "length" || framing.length > 0;
    if (framing.kind === "length" && framing.length > maxBodyBytes)
      throw new HttpError(413, "the body is too large");
    this.#left = maxBodyBytes;
    this.#isDone = !this.hasBody;
    this.#parts = this.hasBody ? reader.body(framing) : undefined;
    this.#alive = alive;
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#isDone || this.#parts === undefined) return undefined;
    this.#alive();
    const { done, value } = await this.#parts.next();
    if (done === true) {
      this.#isDone = true;
      return undefined;
    }
    this.#left -= value.length;
    if (this.#left < 0) throw new HttpError(413, "the body is too large");
    return value;
  }

  stream(): ReadableStream<Uint8Array> | undefined {
    if (!this.hasBody) return undefined;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const part = await this.#next();
          if (part === undefined) controller.close();
          else controller.enqueue(part);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Reads what the handler has left, if it is little; whether the next request is in reach. */
  async skip(): Promise<boolean> {
    for (let bytes = 0; bytes < 262_144;) {
      const part = await this.#next();
      if (part === undefined) return true;
      bytes += part.length;
    }
    return false;
  }
}

/** A request whose headers are read when somebody asks. */
class ServerRequest extends Request {
  constructor(method: string, url: string, head: Head, stream: ReadableStream<Uint8Array> | undefined) {
    const isPlain = method === "GET" || method === "HEAD";
    super(url, {
      method,
      [fields]: head.fields,
      ...(stream === undefined || isPlain ? {} : { body: stream }),
    });
  }
}
