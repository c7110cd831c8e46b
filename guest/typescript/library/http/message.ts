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
  readonly [fields]?: ReadonlyMap<string, string>;
}

/** A URL that is written as `href` would give it: most that servers see are, and to parse them takes longer than all else. */
const canonical =
  /^http:\/\/(?:(?!xn--)[a-z][a-z0-9-]*(?:\.(?!xn--)[a-z][a-z0-9-]*)*|(?:(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!:|\/)|(?=[:/]))){4})(?::(?!80\/)[1-9]\d{0,3})?(?:\/(?!\.)[A-Za-z0-9._~-]*)+(?:\?[A-Za-z0-9._~=&-]*)?$/;

function hrefOf(text: string): string {
  if (canonical.test(text)) return text;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") throw new TypeError("a request's URL has no credentials");
  return url.href;
}

/** Of a request that a server has read: nobody changes them, so that they wait until somebody asks. */
export const fields = Symbol("fields");

const usual = /^(delete|get|head|options|post|put)$/i;

export class Request extends Body {
  readonly method: string;
  readonly redirect: "follow" | "error" | "manual";
  readonly #url: string;
  #headers: Headers | undefined;
  readonly #fields: ReadonlyMap<string, string> | undefined;
  #signal: AbortSignal | undefined;

  constructor(input: string | URL | Request, init: RequestInit = {}) {
    const from = input instanceof Request ? input : undefined;
    const { content, type } = extract(init.body);
    super(init.body === undefined || init.body === null ? from?.takeContent() : content);
    this.#url = from?.url ?? hrefOf(String(input));
    const method = init.method ?? from?.method ?? "GET";
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw new TypeError(`'${method}' is no method`);
    this.method = usual.test(method) ? method.toUpperCase() : method;
    if (content !== undefined && (this.method === "GET" || this.method === "HEAD")) {
      throw new TypeError(`a ${this.method} request has no body`);
    }
    this.#fields = init[fields];
    if (this.#fields === undefined) this.#headers = new Headers(init.headers ?? from?.headers);
    if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
    this.#signal = init.signal ?? from?.signal;
    this.redirect = init.redirect ?? from?.redirect ?? "follow";
  }

  get url(): string {
    return this.#url;
  }

  get headers(): Headers {
    return (this.#headers ??= new Headers(this.#fields));
  }

  get signal(): AbortSignal {
    return (this.#signal ??= new AbortSignal());
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
