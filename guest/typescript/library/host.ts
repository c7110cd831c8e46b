// What the runner in C gives, and at build time the builder: src/typescript/host-functions.ts has the numbers.

export interface Host {
  consoleWrite(buffer: ArrayBuffer, offset: number, length: number): void;
  exit(status: number): never;
  monotonicTime(): number;
  wallTime(): number;
  randomBytes(buffer: ArrayBuffer, offset: number, length: number): number;
  commandLine(): number;
  wait(deadline: number): number;
  /** At build time: what is declared while the build stops stays declared. */
  declareDevice(nameLength: number, isNet: number): void;
  acquireNet(nameLength: number): number;
  acquireBlock(nameLength: number): number;
  netRead(handle: number, buffer: ArrayBufferLike, offset: number, length: number): number;
  netWrite(handle: number, buffer: ArrayBufferLike, offset: number, length: number): number;
  blockRead(handle: number, position: number, buffer: ArrayBuffer, offset: number, length: number): number;
  blockWrite(handle: number, position: number, buffer: ArrayBuffer, offset: number, length: number): number;
  /** The sum of bytes as src/ip has it. */
  sum(buffer: ArrayBufferLike, from: number, to: number): number;
  /** What src/ip/tcp/frame-head.ts says of both: 1 or 0. */
  agrees(frame: ArrayBufferLike, end: number, pattern: ArrayBufferLike): number;
  compose(frame: ArrayBufferLike, head: ArrayBufferLike, seq: number, ack: number, flagsAndWindow: number, timestamp: number, echo: number, length: number): number; // prettier-ignore
  /** Where CR LF CR LF stands first; -1: nowhere. */
  findEmptyLine(buffer: ArrayBufferLike, from: number, to: number): number;
  /** UTF-8 of a string without U+0000. */
  encodeText(text: string): ArrayBuffer;
  /** Undefined where the bytes are not UTF-8, or have a zero. */
  decodeText(buffer: ArrayBuffer, offset: number, length: number): string | undefined;
  /** Numbers alone: the call's and its arguments'; the result, or -errno. */
  systemCall(number: number, ...args: readonly number[]): number;
  addressOf(buffer: ArrayBuffer, offset: number, length: number): number;
}

declare const solo5Host: Host;
export const host: Host = solo5Host;

/** Both sides write to it. */
export const exchange = new ArrayBuffer(4096);
export const exchangeBytes = new Uint8Array(exchange);
export const exchangeView = new DataView(exchange);

/** solo5_result_t. */
export const result = { ok: 0, again: 1, invalid: 2, unspecified: 3 } as const;
