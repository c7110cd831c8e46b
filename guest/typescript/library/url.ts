// URL and URLSearchParams: WHATWG URL, for names of hosts in ASCII and IPv4 and IPv6 addresses.
import { encodeText, TextDecoder } from "./encoding";
import { parseIpv4, parseIpv6 } from "./url-host";

const specialPorts: Readonly<Record<string, string>> = {
  "http:": "80",
  "https:": "443",
  "ws:": "80",
  "wss:": "443",
  "ftp:": "21",
  "file:": "",
};

const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** Percent-encodes what `reserved` matches, and all beyond ASCII. */
function percentEncode(text: string, reserved: RegExp): string {
  return text.replaceAll(/[\s\S]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code > 0x20 && code < 0x7f && !reserved.test(char)) return char;
    return Array.from(encodeText(char), hex).join("");
  });
}

const inFragment = /["<>`]/;
const inQuery = /["#<>]/;
const inSpecialQuery = /["#<>']/;
const inPath = /["#<>?`{}^]/;
const inUser = /["#<>?`{}/:;=@[\\\]^|]/;
const none = /(?!)/;

interface Parts {
  protocol: string;
  username: string;
  password: string;
  hostname: string | null;
  port: string;
  /** Undefined segments of a path that is no list. */
  pathname: string;
  isOpaque: boolean;
  search: string;
  hash: string;
}

const invalid = (text: string): TypeError =>
  Object.assign(new TypeError(`Invalid URL: ${text}`), { code: "ERR_INVALID_URL" });

function parse(input: string, base: Parts | undefined): Parts {
  const text = input.replace(/^[\0- ]+|[\0- ]+$/g, "").replaceAll(/[\t\n\r]/g, "");
  const hashAt = text.indexOf("#");
  const hash = hashAt < 0 ? "" : percentEncode(text.slice(hashAt), inFragment);
  let rest = hashAt < 0 ? text : text.slice(0, hashAt);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(rest);
  const protocol = scheme?.[0]?.toLowerCase() ?? base?.protocol;
  if (protocol === undefined) throw invalid(input);
  if (scheme !== null) rest = rest.slice(scheme[0].length);
  const isSpecial = Object.hasOwn(specialPorts, protocol);
  if (isSpecial) {
    const queryAt = rest.indexOf("?");
    const path = queryAt < 0 ? rest : rest.slice(0, queryAt);
    rest = path.replaceAll("\\", "/") + (queryAt < 0 ? "" : rest.slice(queryAt));
  }
  const queryAt = rest.indexOf("?");
  const search = queryAt < 0 ? "" : percentEncode(rest.slice(queryAt), isSpecial ? inSpecialQuery : inQuery);
  let path = queryAt < 0 ? rest : rest.slice(0, queryAt);
  const url: Parts = {
    protocol,
    username: "",
    password: "",
    hostname: null,
    port: "",
    pathname: "",
    isOpaque: false,
    search: search === "?" ? "" : search,
    hash: hash === "#" ? "" : hash,
  };
  const isRelative =
    base !== undefined &&
    (scheme === null || (isSpecial && protocol === base.protocol && !path.startsWith("/")));
  if (isRelative && !path.startsWith("//")) {
    if (base.isOpaque && (path !== "" || queryAt >= 0 || scheme !== null)) throw invalid(input);
    const { username, password, hostname, port, isOpaque } = base;
    Object.assign(url, { username, password, hostname, port, isOpaque });
    if (path === "") {
      url.pathname = base.pathname;
      if (queryAt < 0) url.search = base.search;
      return url;
    }
    url.pathname = resolve(path.startsWith("/") ? path : base.pathname.replace(/[^/]*$/, "") + path);
    return url;
  }
  if (isSpecial && protocol !== "file:") path = `//${path.replace(/^\/*/, "")}`;
  if (path.startsWith("//")) {
    const end = path.indexOf("/", 2);
    readAuthority(url, end < 0 ? path.slice(2) : path.slice(2, end), input);
    path = end < 0 ? "" : path.slice(end);
  } else if (protocol === "file:") url.hostname = "";
  else if (!path.startsWith("/")) {
    url.isOpaque = true;
    url.pathname = path.replaceAll(/[^ -~]/gu, (char) => percentEncode(char, none));
    return url;
  }
  url.pathname = path === "" && !isSpecial ? "" : resolve(path === "" ? "/" : path);
  return url;
}

function readAuthority(url: Parts, authority: string, input: string): void {
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    const colon = authority.indexOf(":");
    const hasPassword = colon >= 0 && colon < at;
    url.username = percentEncode(authority.slice(0, hasPassword ? colon : at), inUser);
    url.password = hasPassword ? percentEncode(authority.slice(colon + 1, at), inUser) : "";
  }
  const [, host = "", port = ""] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority.slice(at + 1)) ?? [];
  const isSpecial = Object.hasOwn(specialPorts, url.protocol);
  if (host === "" && ((isSpecial && url.protocol !== "file:") || authority !== "")) throw invalid(input);
  if (Number(port) > 65535) throw invalid(input);
  url.hostname = readHost(host, isSpecial, input);
  url.port = port === "" || String(Number(port)) === specialPorts[url.protocol] ? "" : String(Number(port));
}

function readHost(host: string, isSpecial: boolean, input: string): string {
  if (host.startsWith("[")) {
    const address = parseIpv6(host.slice(1, -1));
    if (address === undefined) throw invalid(input);
    return `[${address}]`;
  }
  if (!isSpecial) {
    if (/[\0\t\n\r #/<>?@[\\\]^|]/.test(host)) throw invalid(input);
    return percentEncode(host, none);
  }
  let name: string;
  try {
    name = decodeURIComponent(host).toLowerCase();
  } catch {
    throw invalid(input);
  }
  // Names of other letters would want Punycode and its tables.
  if (/[^\x21-\x7e]|[#%/:<>?@[\\\]^|]/.test(name)) throw invalid(input);
  const address = parseIpv4(name);
  if (address === null) throw invalid(input);
  return address ?? name;
}

/** Without `.` and `..`. */
function resolve(path: string): string {
  const out: string[] = [];
  const segments = path.split("/").slice(1);
  segments.forEach((segment, i) => {
    const plain = segment.replaceAll(/%2e/gi, ".");
    const isLast = i === segments.length - 1;
    if (plain === "..") out.pop();
    if (plain === "." || plain === "..") {
      if (isLast) out.push("");
    } else out.push(percentEncode(segment, inPath));
  });
  return `/${out.join("/")}`;
}

export class URL {
  #parts: Parts;
  readonly searchParams: URLSearchParams;

  constructor(url: string | URL, base?: string | URL) {
    this.#parts = parse(String(url), base === undefined ? undefined : parse(String(base), undefined));
    this.searchParams = new URLSearchParams(this.#parts.search);
    onChange.set(this.searchParams, (text) => {
      this.#parts.search = text === "" ? "" : `?${text}`;
    });
  }

  static canParse(url: string | URL, base?: string | URL): boolean {
    return URL.parse(url, base) !== null;
  }

  static parse(url: string | URL, base?: string | URL): URL | null {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }

  get href(): string {
    const { protocol, username, password, pathname, search, hash, hostname } = this.#parts;
    const user =
      username === "" && password === "" ? "" : `${username}${password === "" ? "" : `:${password}`}@`;
    const authority = hostname === null ? (pathname.startsWith("//") ? "/." : "") : `//${user}${this.host}`;
    return `${protocol}${authority}${pathname}${search}${hash}`;
  }
  set href(value: string) {
    this.#parts = parse(String(value), undefined);
    replaceParams(this.searchParams, this.#parts.search);
  }
  get origin(): string {
    const { protocol } = this.#parts;
    return Object.hasOwn(specialPorts, protocol) && protocol !== "file:"
      ? `${protocol}//${this.host}`
      : "null";
  }
  get protocol(): string {
    return this.#parts.protocol;
  }
  set protocol(value: string) {
    const name = `${String(value).replace(/:.*$/s, "").toLowerCase()}:`;
    if (Object.hasOwn(specialPorts, name) === Object.hasOwn(specialPorts, this.protocol))
      this.#change({ protocol: name });
  }
  get username(): string {
    return this.#parts.username;
  }
  set username(value: string) {
    this.#parts.username = percentEncode(String(value), inUser);
  }
  get password(): string {
    return this.#parts.password;
  }
  set password(value: string) {
    this.#parts.password = percentEncode(String(value), inUser);
  }
  get host(): string {
    const { hostname, port } = this.#parts;
    return `${hostname ?? ""}${port === "" ? "" : `:${port}`}`;
  }
  set host(value: string) {
    this.#authority(String(value));
  }
  get hostname(): string {
    return this.#parts.hostname ?? "";
  }
  set hostname(value: string) {
    this.#authority(`${String(value)}${this.port === "" ? "" : `:${this.port}`}`);
  }
  get port(): string {
    return this.#parts.port;
  }
  set port(value: string) {
    this.#authority(`${this.hostname}:${String(value)}`);
  }
  get pathname(): string {
    return this.#parts.pathname;
  }
  set pathname(value: string) {
    if (!this.#parts.isOpaque) this.#parts.pathname = resolve(String(value).replace(/^(?!\/)/, "/"));
  }
  get search(): string {
    return this.#parts.search;
  }
  set search(value: string) {
    const text = String(value).replace(/^\?/, "");
    this.#parts.search = text === "" ? "" : `?${percentEncode(text, inSpecialQuery)}`;
    replaceParams(this.searchParams, this.#parts.search);
  }
  get hash(): string {
    return this.#parts.hash;
  }
  set hash(value: string) {
    const text = String(value).replace(/^#/, "");
    this.#parts.hash = text === "" ? "" : `#${percentEncode(text, inFragment)}`;
  }

  /** Takes new parts where they make a URL. */
  #change(parts: Partial<Parts>): void {
    Object.assign(this.#parts, parts);
    if (this.#parts.port === specialPorts[this.#parts.protocol]) this.#parts.port = "";
  }
  #authority(text: string): void {
    const copy = { ...this.#parts };
    try {
      readAuthority(copy, text, text);
      this.#change({ hostname: copy.hostname, port: copy.port });
    } catch {
      // As the standard has it: what is no host changes nothing.
    }
  }

  toString(): string {
    return this.href;
  }
  toJSON(): string {
    return this.href;
  }
}

/** What a URL does when its parameters change. */
const onChange = new WeakMap<URLSearchParams, (text: string) => void>();

type Init = string | Record<string, string> | Iterable<readonly [string, string]>;

const decodeForm = (text: string): string => {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replaceAll(/(%[0-9a-f]{2})+/gi, (run) => {
      const bytes = run.slice(1).split("%").map((digits) => Number.parseInt(digits, 16)); // prettier-ignore
      return new TextDecoder().decode(Uint8Array.from(bytes));
    });
  }
};

const encodeForm = (text: string): string =>
  percentEncode(text.toWellFormed(), /[!"#$%&'()+,/:;<=>?@[\\\]^`{|}~]/).replaceAll("%20", "+");

let replaceParams: (params: URLSearchParams, text: string) => void;

export class URLSearchParams {
  #list: [string, string][] = [];

  static {
    replaceParams = (params, text) => {
      params.#list = URLSearchParams.#read(text);
    };
  }

  constructor(init: Init = "") {
    if (typeof init === "string") this.#list = URLSearchParams.#read(init);
    else if (Symbol.iterator in init)
      this.#list = Array.from(init, ([name, value]) => [String(name), String(value)]);
    else this.#list = Object.entries(init).map(([name, value]) => [name, String(value)]);
  }

  static #read(text: string): [string, string][] {
    return text
      .replace(/^\?/, "")
      .split("&")
      .filter((part) => part !== "")
      .map((part) => {
        const at = part.indexOf("=");
        return at < 0
          ? [decodeForm(part), ""]
          : [decodeForm(part.slice(0, at)), decodeForm(part.slice(at + 1))];
      });
  }

  #changed(): void {
    onChange.get(this)?.(this.toString());
  }

  get size(): number {
    return this.#list.length;
  }
  append(name: string, value: string): void {
    this.#list.push([String(name), String(value)]);
    this.#changed();
  }
  delete(name: string, value?: string): void {
    this.#list = this.#list.filter(([key, item]) => key !== name || (value !== undefined && item !== value));
    this.#changed();
  }
  get(name: string): string | null {
    return this.#list.find(([key]) => key === name)?.[1] ?? null;
  }
  getAll(name: string): string[] {
    return this.#list.filter(([key]) => key === name).map(([, value]) => value);
  }
  has(name: string, value?: string): boolean {
    return this.#list.some(([key, item]) => key === name && (value === undefined || item === value));
  }
  set(name: string, value: string): void {
    const at = this.#list.findIndex(([key]) => key === name);
    const rest = this.#list.filter(([key], i) => key !== name || i === at);
    if (at < 0) rest.push([String(name), String(value)]);
    else rest[at] = [String(name), String(value)];
    this.#list = rest;
    this.#changed();
  }
  sort(): void {
    this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }
  forEach(call: (value: string, name: string, params: URLSearchParams) => void): void {
    for (const [name, value] of this.#list) call(value, name, this);
  }
  *entries(): IterableIterator<[string, string]> {
    for (const [name, value] of this.#list) yield [name, value];
  }
  *keys(): IterableIterator<string> {
    for (const [name] of this.#list) yield name;
  }
  *values(): IterableIterator<string> {
    for (const [, value] of this.#list) yield value;
  }
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
  toString(): string {
    return this.#list.map(([name, value]) => `${encodeForm(name)}=${encodeForm(value)}`).join("&");
  }
}
