// What requests and responses have in common: a body, read once. WHATWG Fetch 5.3.
import { Blob, blobBytes } from "../blob";
import { encodeText, TextDecoder, viewOf } from "../encoding";
import { ReadableStream } from "../streams";
import { URLSearchParams } from "../url";

export type BodyInit =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | URLSearchParams
  | Others
  | ReadableStream<Uint8Array>;

/** What `others` takes. */
type Others = { readonly [Symbol.iterator]: () => IterableIterator<unknown> };

/** Bytes that are there, or that come. */
export type Content = { readonly bytes: Uint8Array } | { readonly stream: ReadableStream<Uint8Array> };

export interface Extracted {
  readonly content: Content | string | undefined;
  readonly type: string | undefined;
}

/** Gives the media type that the headers say. */
export const bodyType = Symbol("type");
export const takeText = Symbol("takeText");

/** Further bodies than those that every library knows. */
export const others: ((body: object) => Extracted | undefined)[] = [];

/** Of text, which stays what it is until somebody wants its bytes. */
export const textType = "text/plain;charset=UTF-8";

export function extract(body: BodyInit | null | undefined): Extracted {
  if (typeof body === "string") return { content: body, type: textType };
  if (body === null || body === undefined) return { content: undefined, type: undefined };
  if (body instanceof ReadableStream) return { content: { stream: body }, type: undefined };
  if (body instanceof Blob)
    return { content: { bytes: blobBytes(body) }, type: body.type === "" ? undefined : body.type };
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return { content: { bytes: viewOf(body).slice() }, type: undefined };
  }
  for (const take of others) {
    const taken = typeof body === "object" ? take(body) : undefined;
    if (taken !== undefined) return taken;
  }
  if (body instanceof URLSearchParams) {
    return {
      content: { bytes: encodeText(String(body)) },
      type: "application/x-www-form-urlencoded;charset=UTF-8",
    };
  }
  return { content: String(body), type: textType };
}

export class Body {
  #content: Content | string | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #isUsed = false;

  constructor(content: Content | string | undefined) {
    this.#content = content;
  }

  get #encoded(): Content | undefined {
    if (typeof this.#content === "string") this.#content = { bytes: encodeText(this.#content) };
    return this.#content;
  }

  get bodyUsed(): boolean {
    return this.#isUsed || this.#stream?.locked === true;
  }

  get body(): ReadableStream<Uint8Array> | null {
    const content = this.#encoded;
    if (content === undefined) return null;
    this.#stream ??= streamOf(content);
    return this.#stream;
  }

  /** The content for who sends it, or undefined where there is none. */
  takeContent(): Content | undefined {
    if (this.bodyUsed) throw new TypeError("the body has been read already");
    const content = this.#encoded;
    if (content !== undefined) this.#isUsed = true;
    return this.#stream === undefined ? content : { stream: this.#stream };
  }

  /** The same, where it is text whose bytes nobody has asked for; else undefined. */
  [takeText](): string | undefined {
    if (typeof this.#content !== "string" || this.#isUsed) return undefined;
    this.#isUsed = true;
    return this.#content;
  }

  /** Both have the whole content then. */
  protected teeContent(): Content | undefined {
    if (this.bodyUsed) throw new TypeError("the body has been read already");
    const content = this.#encoded;
    if (content === undefined || ("bytes" in content && this.#stream === undefined)) return content;
    const [own, other] = (this.body ?? new ReadableStream<Uint8Array>()).tee();
    this.#content = { stream: own };
    this.#stream = own;
    return { stream: other };
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const content = this.takeContent();
    if (content === undefined) return new Uint8Array(0);
    if ("bytes" in content) return content.bytes.slice();
    const parts: Uint8Array[] = [];
    for await (const part of content.stream) parts.push(viewOf(part));
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this[bodyType]() });
  }

  [bodyType](): string {
    return "";
  }
}

const streamOf = (content: Content): ReadableStream<Uint8Array> =>
  "stream" in content
    ? content.stream
    : new ReadableStream<Uint8Array>({
        start(controller) {
          if (content.bytes.length > 0) controller.enqueue(content.bytes.slice());
          controller.close();
        },
      });
