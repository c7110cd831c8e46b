// crypto (Web Cryptography 10) and Math.random: from the CPU's source of randomness. Where the
// CPU has none the first two are an error, and Math.random, of which nobody may expect more, starts from the clock.
import { viewOf } from "./encoding";
import { host } from "./host";

type Integers = Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array; // prettier-ignore

export function getRandomValues<T extends Integers>(array: T): T {
  if (!ArrayBuffer.isView(array) || array instanceof DataView || array.constructor.name.startsWith("Float")) {
    throw new DOMException("getRandomValues: not an array of integers", "TypeMismatchError");
  }
  const bytes = viewOf(array);
  if (bytes.length > 65_536)
    throw new DOMException("getRandomValues: more than 65536 bytes", "QuotaExceededError");
  if (host.randomBytes(bytes.buffer, bytes.byteOffset, bytes.byteLength) !== 1) {
    throw new DOMException("getRandomValues: this CPU has no source of randomness", "NotSupportedError");
  }
  return array;
}

function randomUUID(): string {
  const bytes = getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** `subtle` is added where there is room for it. */
export const crypto = { getRandomValues, randomUUID };

/** xoshiro128**, by Blackman and Vigna; empty until the first number is wanted. */
let state: Uint32Array<ArrayBuffer> | undefined;

function seeded(): Uint32Array<ArrayBuffer> {
  const seed = new Uint32Array(4);
  if (host.randomBytes(seed.buffer, 0, 16) !== 1) {
    const now = host.wallTime() * 1e6 + host.monotonicTime();
    seed.set([now, now / 2 ** 32, host.monotonicTime() * 1e6, 0x9e3779b9]);
  }
  return seed;
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

function word(): number {
  state ??= seeded();
  const [a = 0, b = 0, c = 0, d = 0] = state;
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
  const x = c ^ a;
  const y = d ^ b;
  state[1] = b ^ x;
  state[0] = a ^ y;
  state[2] = x ^ (b << 9);
  state[3] = rotate(y, 11);
  return result >>> 0;
}

export function random(): number {
  return ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
}
