// The raw system call of the small program: what its C gives it (guest/typescript/runner.c), in the place of host/linux/raw-call.ts.
import type { RawArguments } from "../linux/raw-call.js";

interface System {
  /** Numbers up to 2^53 either way; the result, or -errno. */
  call(number: number, ...args: readonly number[]): number;
  addressOf(buffer: ArrayBufferLike, offset: number, length: number): number;
}

/** The library puts it there: guest/typescript/library/system.ts. */
const system = (globalThis as unknown as Record<symbol, System>)[Symbol.for("solo5.system")] as System;

export const rawCall = (number: number, args: RawArguments): number =>
  system.call(number, ...args.map(Number));

export const addressOf = (data: Uint8Array): bigint =>
  BigInt(system.addressOf(data.buffer, data.byteOffset, data.byteLength));
