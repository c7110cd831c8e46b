// The network's modules and globals: a program that uses them gets the larger library.

declare module "solo5:tcp" {
  export interface Address {
    readonly address: string;
    readonly port: number;
  }
  export interface TcpConnection extends AsyncIterable<Uint8Array> {
    readonly remote: Address;
    readonly local: Address;
    /** The next bytes; undefined at the end. */
    read(): Promise<Uint8Array | undefined>;
    /** Sends bytes, which must not change afterwards; resolves when more may be written. */
    write(data: Uint8Array): Promise<void>;
    /** Ends the own direction, when all is sent. */
    end(): void;
    /** Ends, and reads no more. */
    close(): void;
    /** Ends at once; the other side gets a reset. */
    reset(): void;
  }
  export interface ListenOptions {
    port: number;
    address?: string;
    /** The network device; "service" by default, as everywhere. */
    device?: string;
  }
  /** Has each connection handled; what the handler throws resets its connection and is an unhandled rejection. */
  export function listen(
    options: ListenOptions,
    handle: (connection: TcpConnection) => unknown,
  ): { close(): void; readonly port: number };
  /** Rejects with an error whose `code` is refused, reset, timeout, unreachable or aborted. */
  export function connect(options: { host: string; port: number; device?: string }): Promise<TcpConnection>;
}

declare module "solo5:udp" {
  import type { Address } from "solo5:tcp";
  export interface Datagram {
    readonly data: Uint8Array;
    readonly remote: Address;
    readonly local: Address;
    /** Sends bytes back from the address that it came to. */
    reply(data: Uint8Array): boolean;
  }
  export interface UdpSocket {
    readonly port: number;
    /** False where there is no way there, or no room. */
    send(data: Uint8Array, to: Address): boolean;
    close(): void;
  }
  export function bind(
    options: { port?: number; address?: string; device?: string },
    receive: (datagram: Datagram) => void,
  ): UdpSocket;
}

declare module "solo5:dns" {
  /** The addresses of a name, as the network's DNS server has them. */
  export function resolve(name: string, options?: { device?: string }): Promise<string[]>;
}

declare module "solo5:http" {
  import type { Address } from "solo5:tcp";
  export interface ServeOptions {
    /** 80 by default. */
    port?: number;
    address?: string;
    device?: string;
    /** Bytes of a request's first line and headers: 16 KiB by default. */
    maxHeadBytes?: number;
    /** 16 MiB by default. */
    maxBodyBytes?: number;
    /** That a client may take for a head, and for each part of a body: 20 s by default. */
    timeoutMsecs?: number;
    /** That a connection is kept without a request: 60 s by default. */
    keepAliveMsecs?: number;
    /** 1024 by default. */
    maxConnections?: number;
  }
  export type Handler = (
    request: Request,
    info: { readonly remote: Address },
  ) => Response | Promise<Response>;
  export function serve(options: ServeOptions, handler: Handler): { close(): void; readonly port: number };
  export function serve(handler: Handler): { close(): void; readonly port: number };
  /** The global one. */
  export const fetch: typeof globalThis.fetch;
}

type HeadersInit = Headers | Record<string, string> | Iterable<readonly [string, string]>;
declare class Headers {
  constructor(init?: HeadersInit);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(call: (value: string, name: string, headers: Headers) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

type BodyInit = string | ArrayBuffer | ArrayBufferView | Blob | FormData | URLSearchParams | ReadableStream<Uint8Array>; // prettier-ignore

type FormDataEntryValue = string | File;
declare class FormData {
  append(name: string, value: string | Blob, filename?: string): void;
  delete(name: string): void;
  get(name: string): FormDataEntryValue | null;
  getAll(name: string): FormDataEntryValue[];
  has(name: string): boolean;
  set(name: string, value: string | Blob, filename?: string): void;
  forEach(call: (value: FormDataEntryValue, name: string, data: FormData) => void): void;
  entries(): IterableIterator<[string, FormDataEntryValue]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<FormDataEntryValue>;
  [Symbol.iterator](): IterableIterator<[string, FormDataEntryValue]>;
}

interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  signal?: AbortSignal | null;
  redirect?: "follow" | "error" | "manual";
}
declare class Request {
  constructor(input: string | URL | Request, init?: RequestInit);
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly redirect: "follow" | "error" | "manual";
  readonly body: ReadableStream<Uint8Array> | null;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  blob(): Promise<Blob>;
  formData(): Promise<FormData>;
  json(): Promise<unknown>;
  text(): Promise<string>;
  clone(): Request;
}

interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}
declare class Response {
  constructor(body?: BodyInit | null, init?: ResponseInit);
  static json(data: unknown, init?: ResponseInit): Response;
  static redirect(url: string | URL, status?: number): Response;
  static error(): Response;
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly headers: Headers;
  readonly url: string;
  readonly redirected: boolean;
  readonly type: string;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  blob(): Promise<Blob>;
  formData(): Promise<FormData>;
  json(): Promise<unknown>;
  text(): Promise<string>;
  clone(): Response;
}

/** Over HTTP alone: https is not there yet. */
declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

interface ReadableStreamDefaultController<T> {
  readonly desiredSize: number | null;
  enqueue(chunk: T): void;
  close(): void;
  error(reason?: unknown): void;
}
interface UnderlyingSource<T> {
  start?(controller: ReadableStreamDefaultController<T>): unknown;
  pull?(controller: ReadableStreamDefaultController<T>): unknown;
  cancel?(reason?: unknown): unknown;
}
type ReadableStreamReadResult<T> = { done: false; value: T } | { done: true; value: undefined };
interface ReadableStreamDefaultReader<T> {
  readonly closed: Promise<void>;
  read(): Promise<ReadableStreamReadResult<T>>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}
interface QueuingStrategy<T> {
  readonly highWaterMark?: number;
  readonly size?: (chunk: T) => number;
}
declare class CountQueuingStrategy implements QueuingStrategy<unknown> {
  constructor(init: { highWaterMark: number });
  readonly highWaterMark: number;
  size(): number;
}
declare class ByteLengthQueuingStrategy implements QueuingStrategy<ArrayBufferView> {
  constructor(init: { highWaterMark: number });
  readonly highWaterMark: number;
  size(chunk: { readonly byteLength: number }): number;
}
interface StreamPipeOptions {
  preventClose?: boolean;
  preventAbort?: boolean;
  preventCancel?: boolean;
  signal?: AbortSignal;
}
/** With default controllers and readers; there are no byte streams. */
declare class ReadableStream<T = unknown> implements AsyncIterable<T> {
  constructor(source?: UnderlyingSource<T>, strategy?: QueuingStrategy<T>);
  static from<T>(items: AsyncIterable<T> | Iterable<T>): ReadableStream<T>;
  readonly locked: boolean;
  getReader(): ReadableStreamDefaultReader<T>;
  cancel(reason?: unknown): Promise<void>;
  tee(): [ReadableStream<T>, ReadableStream<T>];
  pipeTo(to: WritableStream<T>, options?: StreamPipeOptions): Promise<void>;
  pipeThrough<O>(
    transform: { readable: ReadableStream<O>; writable: WritableStream<T> },
    options?: StreamPipeOptions,
  ): ReadableStream<O>;
  values(options?: { preventCancel?: boolean }): AsyncGenerator<T, void>;
  [Symbol.asyncIterator](): AsyncGenerator<T, void>;
}
interface UnderlyingSink<T> {
  start?(controller: { error(reason?: unknown): void }): unknown;
  write?(chunk: T): unknown;
  close?(): unknown;
  abort?(reason?: unknown): unknown;
}
interface WritableStreamDefaultWriter<T> {
  readonly ready: Promise<unknown>;
  readonly closed: Promise<unknown>;
  readonly desiredSize: number | null;
  write(chunk: T): Promise<void>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
  releaseLock(): void;
}
declare class WritableStream<T = unknown> {
  constructor(sink?: UnderlyingSink<T>);
  readonly locked: boolean;
  getWriter(): WritableStreamDefaultWriter<T>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
}
interface TransformStreamDefaultController<O> {
  enqueue(chunk: O): void;
  error(reason?: unknown): void;
  terminate(): void;
}
interface Transformer<I, O> {
  start?(controller: TransformStreamDefaultController<O>): unknown;
  transform?(chunk: I, controller: TransformStreamDefaultController<O>): unknown;
  flush?(controller: TransformStreamDefaultController<O>): unknown;
}
declare class TransformStream<I = unknown, O = I> {
  constructor(transformer?: Transformer<I, O>);
  readonly readable: ReadableStream<O>;
  readonly writable: WritableStream<I>;
}

declare class TextEncoderStream extends TransformStream<string, Uint8Array<ArrayBuffer>> {
  readonly encoding: string;
}
declare class TextDecoderStream extends TransformStream<ArrayBuffer | ArrayBufferView, string> {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
}
