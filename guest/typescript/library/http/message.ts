// Request and Response: WHATWG Fetch 5.4 and 5.5, as far as servers and plain requests need them.
import { AbortSignal } from "../events";
import { URL } from "../url";
import { Body, bodyType, extract, type BodyInit, type Content } from "./body";
import { Headers, type HeadersInit } from "./headers";

export interface RequestInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  readonly signal?: AbortSignal | null;
  readonly redirect?: "follow" | "error" | "manual";
}

const usual = /^(delete|get|head|options|post|put)$/i;

export class Request extends Body {
  readonly method: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly redirect: "follow" | "error" | "manual";
  readonly #url: string;

  constructor(input: string | URL | Request, init: RequestInit = {}) {
    const from = input instanceof Request ? input : undefined;
    const { content, type } = extract(init.body);
    super(init.body === undefined || init.body === null ? from?.takeContent() : content);
    this.#url = from?.url ?? new URL(String(input)).href;
    const method = init.method ?? from?.method ?? "GET";
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw new TypeError(`'${method}' is no method`);
    this.method = usual.test(method) ? method.toUpperCase() : method;
    if (content !== undefined && (this.method === "GET" || this.method === "HEAD")) {
      throw new TypeError(`a ${this.method} request has no body`);
    }
    this.headers = new Headers(init.headers ?? from?.headers);
    if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
    this.signal = init.signal ?? from?.signal ?? new AbortSignal();
    this.redirect = init.redirect ?? from?.redirect ?? "follow";
  }

  get url(): string {
    return this.#url;
  }

  clone(): Request {
    const copy = new Request(this.#url, { method: this.method, headers: this.headers, signal: this.signal });
    return Object.setPrototypeOf(withContent(copy, this.teeContent()), Request.prototype) as Request;
  }

  override [bodyType](): string {
    return this.headers.get("content-type") ?? "";
  }
}

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

export class Response extends Body {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly type: string = "default";
  url = "";
  redirected = false;

  constructor(body?: BodyInit | null, { status = 200, statusText = "", headers }: ResponseInit = {}) {
    const { content, type } = extract(body);
    super(content);
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new RangeError(`${status} is no status`);
    if (content !== undefined && withoutBody.has(status))
      throw new TypeError(`a response of ${status} has no body`);
    this.status = status;
    this.statusText = statusText;
    this.headers = new Headers(headers);
    if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new Response(JSON.stringify(data), { ...init, headers });
  }

  static redirect(url: string | URL, status = 302): Response {
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`${status} is no redirection`);
    return new Response(null, { status, headers: { location: new URL(url).href } });
  }

  static error(): Response {
    return new Response(null, { status: 500 });
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  clone(): Response {
    const content = this.teeContent();
    const body = content === undefined ? null : "bytes" in content ? content.bytes : content.stream;
    return new Response(body, { status: this.status, statusText: this.statusText, headers: this.headers });
  }

  override [bodyType](): string {
    return this.headers.get("content-type") ?? "";
  }
}
