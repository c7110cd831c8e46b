// A connection of a server: requests in a row, answered in a row. What can be answered at once is, without a promise on the way.
import { encodeText, viewOf } from "../encoding";
import { turnTime } from "../loop";
import { report } from "../report";
import type { ReadableStream } from "../streams";
import type { Address, TcpConnection } from "../tcp";
import { date, joined, reasons, statusLine, textMessage } from "./answers";
import { takeText, type Content } from "./body";
import { headLines } from "./headers";
import { Incoming } from "./incoming";
import { onlyType, Received, Request, Response } from "./message";
import { aboutFields, requestLine, type RequestLine } from "./requests";
import { chunk, HttpError, lastChunk, Reader, type Framing, type Head } from "./wire";

export interface Info {
  readonly remote: Address;
}

export type Handler = (request: Request, info: Info) => Response | Promise<Response>;

export interface Bounds {
  readonly port: number;
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
  readonly timeoutMsecs: number;
  readonly keepAliveMsecs: number;
  readonly maxConnections: number;
}

/** A request, as far as its answer depends on it. */
interface Exchange {
  readonly line: RequestLine;
  readonly keeps: boolean;
}

export class Session {
  /** When it is given up: a time of `turnTime`. */
  until: number;
  readonly #connection: TcpConnection;
  readonly #reader: Reader;
  readonly #handler: Handler;
  readonly #bounds: Bounds;
  readonly #info: Info;
  /** The server's sessions, of which this is one until it ends. */
  readonly #open: Set<Session>;
  /** Nothing of a response has been sent that a second one could not follow. */
  #isBetween = true;
  /** Requests are being answered, or there are no more. */
  #isBusy = false;

  constructor(connection: TcpConnection, handler: Handler, bounds: Bounds, open: Set<Session>) {
    this.#connection = connection;
    this.#reader = new Reader(connection);
    this.#handler = handler;
    this.#bounds = bounds;
    this.#info = { remote: connection.remote };
    this.#open = open;
    this.until = 0;
    this.#allow(bounds.timeoutMsecs);
    open.add(this);
    connection.onReadable = () => this.serve();
  }

  #allow(msecs: number): void {
    this.until = turnTime() + msecs;
  }

  expire(): void {
    this.#open.delete(this);
    this.#connection.reset();
  }

  /** Answers the requests that have come. */
  serve(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const reader = this.#reader;
    const { maxHeadBytes, keepAliveMsecs } = this.#bounds;
    try {
      for (;;) {
        const head = reader.hasMore ? reader.headInHand(maxHeadBytes) : undefined;
        if (head === undefined) {
          if (reader.takeMore()) continue;
          if (!this.#connection.ended) {
            this.#isBusy = false;
            return;
          }
          reader.checkEnd();
          return this.#end();
        }
        const kept = this.#exchange(head);
        if (typeof kept !== "boolean") return this.#wait(kept);
        if (!kept) return this.#end();
        this.until = turnTime() + keepAliveMsecs;
      }
    } catch (error) {
      void this.#fail(error);
    }
  }

  #wait(exchange: Promise<boolean>): void {
    const goOn = (kept: boolean): void => {
      if (!kept) return this.#end();
      this.#isBusy = false;
      this.#allow(this.#bounds.keepAliveMsecs);
      this.serve();
    };
    void exchange.then(goOn, (error: unknown) => this.#fail(error));
  }

  #end(): void {
    this.#open.delete(this);
    this.#connection.onReadable = undefined;
    this.#connection.close();
  }

  async #fail(error: unknown): Promise<void> {
    if (error instanceof HttpError && this.#isBetween) await this.#refuse(error);
    // What a client does not wait for is nobody's mistake.
    this.#end();
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
  #exchange(head: Head): boolean | Promise<boolean> {
    this.#isBetween = true;
    const line = requestLine(head.start);
    const { fields } = head;
    if (line.isLatest && !fields.has("host")) throw new HttpError(400, "a request without a host");
    const about = aboutFields(fields);
    const { framing, expects } = about;
    const exchange: Exchange = { line, keeps: line.isLatest ? !about.closes : about.keepsAlive };
    if (expects !== undefined || framing.kind !== "length" || framing.length !== 0)
      return this.#exchangeBody(exchange, fields, framing, expects);
    return this.#answer(exchange, fields, undefined);
  }

  async #exchangeBody(
    exchange: Exchange,
    fields: ReadonlyMap<string, string>,
    framing: Framing,
    expects: string | undefined,
  ): Promise<boolean> {
    const { timeoutMsecs, maxBodyBytes } = this.#bounds;
    this.#allow(timeoutMsecs);
    const incoming = new Incoming(this.#reader, framing, maxBodyBytes, () => this.#allow(timeoutMsecs));
    if (expects !== undefined && expects !== "100-continue")
      throw new HttpError(417, "an expectation that is not known");
    if (expects !== undefined && incoming.hasBody) {
      await this.#connection.write(encodeText("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    const kept = await this.#answer(exchange, fields, incoming.stream());
    return kept && (await incoming.skip());
  }

  #answer(
    exchange: Exchange,
    fields: ReadonlyMap<string, string>,
    stream: ReadableStream<Uint8Array> | undefined,
  ): boolean | Promise<boolean> {
    const { line } = exchange;
    const { host, isCanonical } = aboutFields(fields);
    let request: Request;
    try {
      const authority = host ?? this.#connection.local.address;
      request = new Request(
        new Received(line.method, authority, line.target, fields, stream, isCanonical && line.isCanonical),
      );
    } catch {
      throw new HttpError(400, "a request that is none");
    }
    let response: Response | Promise<Response>;
    try {
      response = this.#handler(request, this.#info);
    } catch (error) {
      response = failed(error);
    }
    return response instanceof Response
      ? this.#send(response, exchange)
      : this.#answerLater(response, exchange);
  }

  async #answerLater(promised: Promise<Response>, exchange: Exchange): Promise<boolean> {
    // A handler may take its time; what it waits for is its own.
    this.until = Infinity;
    let response: Response;
    try {
      response = await promised;
      if (!(response instanceof Response)) throw new TypeError("the handler gave no Response");
    } catch (error) {
      response = failed(error);
    }
    return this.#send(response, exchange);
  }

  #send(response: Response, exchange: Exchange): boolean | Promise<boolean> {
    const { keeps, line } = exchange;
    const { status } = response;
    const hasBody = status !== 204 && status !== 304;
    const isHead = line.method === "HEAD";
    const type = response[onlyType]();
    const text = type === undefined || !hasBody || isHead ? undefined : response[takeText]();
    if (type !== undefined && text !== undefined)
      return this.#give(textMessage(status, response.statusText, type, text, keeps), keeps);
    let content: Content | undefined;
    try {
      content = response.takeContent();
    } catch (error) {
      // A response that was sent before.
      return this.#send(failed(error), exchange);
    }
    const { headers } = response;
    const length = content === undefined ? 0 : "bytes" in content ? content.bytes.length : undefined;
    const isMeasured = headers.has("content-length");
    const isChunked = length === undefined && line.isLatest && keeps && !isMeasured;
    let head = statusLine(status, response.statusText) + headLines(headers);
    if (length !== undefined && hasBody && !isMeasured) head += `content-length: ${length}\r\n`;
    if (isChunked) head += "transfer-encoding: chunked\r\n";
    const isKept = keeps && (length !== undefined || isChunked || isMeasured);
    if (!headers.has("date")) head += `date: ${date()}\r\n`;
    if (!isKept) head += "connection: close\r\n";
    const start = encodeText(`${head}\r\n`);
    if (content === undefined || isHead || !hasBody) return this.#give(start, isKept);
    if ("bytes" in content) return this.#give(joined(start, content.bytes), isKept);
    return this.#sendStream(start, content.stream, isChunked, isKept);
  }

  /** Sends what is a message, or the end of one. */
  #give(message: Uint8Array, isKept: boolean): boolean | Promise<boolean> {
    this.#isBetween = false;
    if (this.#connection.give(message)) return isKept;
    this.#allow(this.#bounds.timeoutMsecs);
    return this.#connection.roomToGive().then(() => isKept);
  }

  async #sendStream(
    start: Uint8Array,
    stream: ReadableStream<Uint8Array>,
    isChunked: boolean,
    isKept: boolean,
  ): Promise<boolean> {
    this.#isBetween = false;
    this.#allow(this.#bounds.timeoutMsecs);
    await this.#connection.write(start);
    this.until = Infinity;
    for await (const part of stream) {
      const bytes = typeof part === "string" ? encodeText(part) : viewOf(part);
      if (bytes.length > 0) await this.#connection.write(isChunked ? chunk(bytes) : bytes.slice());
    }
    if (isChunked) await this.#connection.write(lastChunk);
    return isKept;
  }
}

function failed(error: unknown): Response {
  if (error instanceof HttpError) throw error;
  report(error);
  return new Response("Internal Server Error\n", { status: 500 });
}
