// The globals of TypeScript unikernels beyond ECMAScript 2024: as the web's standards have them, as far as they are there.

declare var self: typeof globalThis;
/** What `solo5 build --env` was given takes its place. */
declare var process: { readonly env: { readonly [name: string]: string | undefined } };

interface Console {
  log(...args: unknown[]): void;
  info(...args: unknown[]): void;
  debug(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
  trace(...args: unknown[]): void;
  assert(condition?: unknown, ...args: unknown[]): void;
  dir(value: unknown): void;
  dirxml(...args: unknown[]): void;
  table(value: unknown, columns?: readonly string[]): void;
  count(label?: string): void;
  countReset(label?: string): void;
  group(...args: unknown[]): void;
  groupCollapsed(...args: unknown[]): void;
  groupEnd(): void;
  time(label?: string): void;
  timeLog(label?: string, ...args: unknown[]): void;
  timeEnd(label?: string): void;
}
declare var console: Console;

declare function setTimeout<A extends unknown[]>(
  call: (...args: A) => void,
  msecs?: number,
  ...args: A
): number;
declare function setInterval<A extends unknown[]>(
  call: (...args: A) => void,
  msecs?: number,
  ...args: A
): number;
declare function setImmediate<A extends unknown[]>(call: (...args: A) => void, ...args: A): number;
declare function clearTimeout(timer: number | undefined): void;
declare function clearInterval(timer: number | undefined): void;
declare function clearImmediate(timer: number | undefined): void;
declare function queueMicrotask(call: () => void): void;
declare function reportError(error: unknown): void;
declare function structuredClone<T>(value: T, options?: { transfer?: readonly ArrayBuffer[] }): T;
declare function atob(text: string): string;
declare function btoa(text: string): string;

interface Performance {
  now(): number;
  readonly timeOrigin: number;
}
declare var performance: Performance;

interface Crypto {
  /** From the CPU (RDRAND, RNDR); where it has no source of randomness, a NotSupportedError. */
  getRandomValues<T extends Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array>(array: T): T; // prettier-ignore
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
  readonly subtle: SubtleCrypto;
}
interface CryptoKey {
  readonly type: "secret";
  readonly algorithm: object;
  readonly extractable: boolean;
  readonly usages: readonly string[];
}
type AlgorithmName = string | { readonly name: string };
type HmacParams = { readonly name: "HMAC"; readonly hash: AlgorithmName; readonly length?: number };
/** SHA-1, SHA-256, SHA-384, SHA-512, and HMAC over them; everything else is a NotSupportedError. */
interface SubtleCrypto {
  digest(algorithm: AlgorithmName, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  importKey(format: "raw", key: ArrayBuffer | ArrayBufferView, algorithm: HmacParams, extractable: boolean, usages: readonly string[]): Promise<CryptoKey>; // prettier-ignore
  importKey(format: "jwk", key: object, algorithm: HmacParams, extractable: boolean, usages: readonly string[]): Promise<CryptoKey>; // prettier-ignore
  exportKey(format: "raw", key: CryptoKey): Promise<ArrayBuffer>;
  exportKey(format: "jwk", key: CryptoKey): Promise<object>;
  generateKey(algorithm: HmacParams, extractable: boolean, usages: readonly string[]): Promise<CryptoKey>;
  sign(algorithm: AlgorithmName, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  verify(algorithm: AlgorithmName, key: CryptoKey, signature: ArrayBuffer | ArrayBufferView, data: ArrayBuffer | ArrayBufferView): Promise<boolean>; // prettier-ignore
}
declare var crypto: Crypto;

declare class DOMException extends Error {
  constructor(message?: string, name?: string);
  readonly code: number;
}

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  /** UTF-8, UTF-16 and windows-1252. */
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}

interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
}
declare class Event {
  constructor(type: string, init?: EventInit);
  readonly type: string;
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly defaultPrevented: boolean;
  readonly target: EventTarget | null;
  readonly currentTarget: EventTarget | null;
  readonly timeStamp: number;
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}
declare class CustomEvent<T = unknown> extends Event {
  constructor(type: string, init?: EventInit & { detail?: T });
  readonly detail: T;
}
type EventListener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };
declare class EventTarget {
  addEventListener(type: string, listener: EventListener | null, options?: boolean | { once?: boolean; signal?: AbortSignal }): void; // prettier-ignore
  removeEventListener(type: string, listener: EventListener | null): void;
  dispatchEvent(event: Event): boolean;
}
declare class AbortSignal extends EventTarget {
  readonly aborted: boolean;
  readonly reason: unknown;
  onabort: ((event: Event) => unknown) | null;
  throwIfAborted(): void;
  static abort(reason?: unknown): AbortSignal;
  static timeout(msecs: number): AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob;
declare class Blob {
  constructor(parts?: Iterable<BlobPart>, options?: { type?: string });
  readonly size: number;
  readonly type: string;
  slice(start?: number, end?: number, type?: string): Blob;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  text(): Promise<string>;
}

declare class File extends Blob {
  constructor(parts: Iterable<BlobPart>, name: string, options?: { type?: string; lastModified?: number });
  readonly name: string;
  readonly lastModified: number;
}

declare class MessageEvent<T = unknown> extends Event {
  constructor(type: string, init?: EventInit & { data?: T });
  readonly data: T;
}
declare class MessagePort extends EventTarget {
  onmessage: ((event: Event) => unknown) | null;
  postMessage(
    message: unknown,
    transfer?: readonly ArrayBuffer[] | { transfer?: readonly ArrayBuffer[] },
  ): void;
  start(): void;
  close(): void;
}
declare class MessageChannel {
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}

/** Names of hosts are ASCII: others are invalid. */
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  hash: string;
  readonly searchParams: URLSearchParams;
  toString(): string;
  toJSON(): string;
}
declare class URLSearchParams {
  constructor(init?: string | Record<string, string> | Iterable<readonly [string, string]>);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(call: (value: string, name: string, params: URLSearchParams) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  toString(): string;
}
