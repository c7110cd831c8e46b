// Request and Response: WHATWG Fetch 5.4 and 5.5, as far as servers and plain requests need them. What a handler does not ask for
// is not made.
import { AbortSignal } from "../events";
import { URL } from "../url";
import { Body, bodyType, extract, textType, type BodyInit, type Content, type Extracted } from "./body";
import { Headers, type HeadersInit } from "./headers";
import type { ReadableStream } from "../streams";

export interface RequestInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  readonly signal?: AbortSignal | null;
  readonly redirect?: "follow" | "error" | "manual";
}

/** Parts of a URL that are written as `href` would give them: most that servers see are, and to parse them takes longer than all else. */
const canonicalHost =
  /^(?:(?!xn--)[a-z][a-z0-9-]*(?:\.(?!xn--)[a-z][a-z0-9-]*)*|(?:(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!:|$)|(?=:|$))){4})(?::(?!80$)[1-9]\d{0,3})?$/;
const canonicalTarget = /^(?:\/(?!\.)[A-Za-z0-9._~-]*)+(?:\?[A-Za-z0-9._~=&-]*)?$/;

export const isCanonicalHost = (text: string): boolean => canonicalHost.test(text);
export const isCanonicalTarget = (text: string): boolean => canonicalTarget.test(text);

function hrefOf(text: string): string {
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") throw new TypeError("a request's URL has no credentials");
  return url.href;
}

/** What a server has read of a request: it was checked, and nobody changes it. */
export class Received {
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly stream: ReadableStream<Uint8Array> | undefined;
  /** The URL is host and target, as they are. */
  readonly isCanonical: boolean;

  constructor(
    method: string,
    host: string,
    target: string,
    fields: ReadonlyMap<string, string>,
    stream: ReadableStream<Uint8Array> | undefined,
    isCanonical: boolean,
  ) {
    this.method = method;
    this.host = host;
    this.target = target;
    this.fields = fields;
    this.stream = stream;
    this.isCanonical = isCanonical;
  }
}

const usual = /^(delete|get|head|options|post|put)$/i;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The name of a method as requests have it. Throws TypeError. */
export function methodOf(method: string): string {
  if (method === "GET" || method === "POST") return method;
  if (!token.test(method)) throw new TypeError(`'${method}' is no method`);
  return usual.test(method) ? method.toUpperCase() : method;
}

const mayHaveBody = (method: string): boolean => method !== "GET" && method !== "HEAD";

export class Request extends Body {
  readonly method: string;
  readonly redirect: "follow" | "error" | "manual";
  readonly #received: Received | undefined;
  #url: string | undefined;
  #headers: Headers | undefined;
  #signal: AbortSignal | undefined;

  constructor(input: string | URL | Request | Received, init?: RequestInit | null) {
    if (input instanceof Received) {
      const { method, stream } = input;
      super(stream === undefined || !mayHaveBody(method) ? undefined : { stream });
      this.method = method;
      this.redirect = "follow";
      this.#received = input;
      if (!input.isCanonical)
        this.#url = hrefOf(/^[a-z]+:\/\//i.test(input.target) ? input.target : joined(input));
      return;
    }
    const from = input instanceof Request ? input : undefined;
    const { method = from?.method ?? "GET", headers, body, signal, redirect } = init ?? {};
    const { content, type } = extract(body);
    super(body === undefined || body === null ? from?.takeContent() : content);
    this.#url = from?.url ?? hrefOf(String(input));
    this.method = methodOf(method);
    if (content !== undefined && !mayHaveBody(this.method))
      throw new TypeError(`a ${this.method} request has no body`);
    this.#headers = new Headers(headers ?? from?.headers);
    if (type !== undefined && !this.#headers.has("content-type")) this.#headers.set("content-type", type);
    this.#signal = signal ?? from?.signal;
    this.redirect = redirect ?? from?.redirect ?? "follow";
  }

  get url(): string {
    return (this.#url ??= joined(this.#received));
  }

  get headers(): Headers {
    return (this.#headers ??= new Headers(this.#received?.fields));
  }

  get signal(): AbortSignal {
    return (this.#signal ??= new AbortSignal());
  }

  clone(): Request {
    const copy = new Request(this.url, { method: this.method, headers: this.headers, signal: this.signal });
    return Object.setPrototypeOf(withContent(copy, this.teeContent()), Request.prototype) as Request;
  }

  override [bodyType](): string {
    return this.headers.get("content-type") ?? "";
  }
}

const joined = (received: Received | undefined): string =>
  received === undefined ? "" : `http://${received.host}${received.target}`;

/** A request with content, whatever its method. */
function withContent(request: Request, content: Content | undefined): Request {
  if (content === undefined) return request;
  const body = "bytes" in content ? content.bytes : content.stream;
  const { url, method, headers, signal } = request;
  return new Request(url, {
    method: method === "GET" || method === "HEAD" ? "POST" : method,
    headers,
    signal,
    body,
  });
}

export interface ResponseInit {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: HeadersInit;
}

const withoutBody = new Set([101, 103, 204, 205, 304]);
/** For who sends a response: its media type, where nobody has given or asked for headers. */
export const onlyType = Symbol("onlyType");
/** Of a response that says otherwise than its body: `Response.json`. */
const ownType = Symbol("ownType");

export class Response extends Body {
  readonly status: number;
  readonly statusText: string;
  readonly #type: string | undefined;
  #headers: Headers | undefined;

  constructor(body?: BodyInit | null, init?: (ResponseInit & { readonly [ownType]?: string }) | null) {
    let extracted: Extracted | undefined;
    super(typeof body === "string" ? body : (extracted = extract(body)).content);
    const type = extracted === undefined ? textType : extracted.type;
    if (init === undefined || init === null) {
      this.status = 200;
      this.statusText = "";
      this.#type = type;
      return;
    }
    const { status = 200, statusText = "", headers } = init;
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new RangeError(`${status} is no status`);
    if (body !== undefined && body !== null && withoutBody.has(status))
      throw new TypeError(`a response of ${status} has no body`);
    this.status = status;
    this.statusText = statusText;
    this.#type = init[ownType] ?? type;
    if (headers !== undefined) this.#headers = withType(new Headers(headers), this.#type);
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const text = JSON.stringify(data) as string | undefined;
    if (text === undefined) throw new TypeError("the data has no JSON");
    const { status, statusText, headers } = init;
    return new Response(text, {
      ...(status === undefined ? {} : { status }),
      ...(statusText === undefined ? {} : { statusText }),
      ...(headers === undefined ? {} : { headers }),
      [ownType]: "application/json",
    });
  }

  static redirect(url: string | URL, status = 302): Response {
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`${status} is no redirection`);
    return new Response(null, { status, headers: { location: new URL(url).href } });
  }

  static error(): Response {
    return new Response(null, { status: 500 });
  }

  get type(): string {
    return "default";
  }

  get url(): string {
    return "";
  }

  get redirected(): boolean {
    return false;
  }

  get headers(): Headers {
    return (this.#headers ??= withType(new Headers(), this.#type));
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  clone(): Response {
    const content = this.teeContent();
    const body = content === undefined ? null : "bytes" in content ? content.bytes : content.stream;
    return new Response(body, { status: this.status, statusText: this.statusText, headers: this.headers });
  }

  /** Undefined where there are headers; empty where there is no type. */
  [onlyType](): string | undefined {
    return this.#headers === undefined ? (this.#type ?? "") : undefined;
  }

  override [bodyType](): string {
    return this.headers.get("content-type") ?? "";
  }
}

function withType(headers: Headers, type: string | undefined): Headers {
  if (type !== undefined && !headers.has("content-type")) headers.set("content-type", type);
  return headers;
}
