// SHA-1, SHA-256, SHA-384 and SHA-512: FIPS 180-4. Constants are derived as 4.2 and 5.3 say, at build time.

function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 64 bits of the fraction of a number's root, as two words. */
function rootBits(value: number, degree: 2n | 3n): readonly [number, number] {
  const wanted = BigInt(value) << (64n * degree);
  let [low, high] = [0n, 1n << 69n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** degree <= wanted) low = middle;
    else high = middle;
  }
  return [Number((low >> 32n) & 0xffffffffn), Number(low & 0xffffffffn)];
}

const words = (pairs: readonly (readonly [number, number])[]): Int32Array => Int32Array.from(pairs.flat());
const highWords = (pairs: Int32Array): Int32Array => pairs.filter((_, i) => i % 2 === 0);

/** Of 64 bits: the high word first. */
const roundConstants = words(primes(80).map((prime) => rootBits(prime, 3n)));
const roots = words(primes(16).map((prime) => rootBits(prime, 2n)));
const roundConstants32 = highWords(roundConstants);

interface Hash {
  /** Bytes. */
  readonly blockSize: number;
  readonly size: number;
  readonly initial: Int32Array;
  /** Takes one block into the state. */
  compress(state: Int32Array, block: DataView, at: number): void;
}

const left = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

const schedule1 = new Int32Array(80);
function compress1(state: Int32Array, block: DataView, at: number): void {
  const w = schedule1;
  for (let t = 0; t < 16; t++) w[t] = block.getInt32(at + 4 * t);
  for (let t = 16; t < 80; t++) w[t] = left(w[t - 3]! ^ w[t - 8]! ^ w[t - 14]! ^ w[t - 16]!, 1);
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let t = 0; t < 80; t++) {
    const part =
      t < 20
        ? ((b & c) ^ (~b & d)) + 0x5a827999
        : t < 40
          ? (b ^ c ^ d) + 0x6ed9eba1
          : t < 60
            ? ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc
            : (b ^ c ^ d) + 0xca62c1d6;
    const next = (left(a, 5) + part + e + w[t]!) | 0;
    [e, d, c, b, a] = [d, c, left(b, 30), a, next];
  }
  [a, b, c, d, e].forEach((word, i) => (state[i]! += word));
}

const schedule2 = new Int32Array(64);
function compress256(state: Int32Array, block: DataView, at: number): void {
  const w = schedule2;
  for (let t = 0; t < 16; t++) w[t] = block.getInt32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const [x, y] = [w[t - 15]!, w[t - 2]!];
    const s0 = left(x, 25) ^ left(x, 14) ^ (x >>> 3);
    const s1 = left(y, 15) ^ left(y, 13) ^ (y >>> 10);
    w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as number[] as [number, number, number, number, number, number, number, number]; // prettier-ignore
  for (let t = 0; t < 64; t++) {
    const s1 = left(e, 26) ^ left(e, 21) ^ left(e, 7);
    const s0 = left(a, 30) ^ left(a, 19) ^ left(a, 10);
    const x = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants32[t]! + w[t]!) | 0;
    const y = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + x) | 0;
    d = c;
    c = b;
    b = a;
    a = (x + y) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i]! += word));
}

const schedule5 = new Int32Array(160);
/** The high word of what it is moved right by, `by` below 32; the low word is that of the two the other way round. */
const shifted = (high: number, low: number, by: number): number => (high >>> by) | (low << (32 - by));
const rotated = (high: number, low: number, by: number): number =>
  by < 32 ? shifted(high, low, by) : shifted(low, high, by - 32);

/** Adds `high` and `low` to the 64 bits at `at`. */
function add(to: Int32Array, at: number, high: number, low: number): void {
  const sum = (to[at + 1]! >>> 0) + (low >>> 0);
  to[at + 1] = sum;
  to[at] = to[at]! + high + (sum > 0xffffffff ? 1 : 0);
}

function compress512(state: Int32Array, block: DataView, at: number): void {
  const w = schedule5;
  for (let t = 0; t < 32; t++) w[t] = block.getInt32(at + 4 * t);
  for (let t = 32; t < 160; t += 2) {
    const [xh, xl, yh, yl] = [w[t - 30]!, w[t - 29]!, w[t - 4]!, w[t - 3]!];
    w[t] = w[t - 32]!;
    w[t + 1] = w[t - 31]!;
    add(w, t, rotated(xh, xl, 1) ^ rotated(xh, xl, 8) ^ (xh >>> 7), rotated(xl, xh, 1) ^ rotated(xl, xh, 8) ^ shifted(xl, xh, 7)); // prettier-ignore
    add(w, t, w[t - 14]!, w[t - 13]!);
    add(w, t, rotated(yh, yl, 19) ^ rotated(yh, yl, 61) ^ (yh >>> 6), rotated(yl, yh, 19) ^ rotated(yl, yh, 61) ^ shifted(yl, yh, 6)); // prettier-ignore
  }
  const v = state.slice();
  const sum = new Int32Array(4);
  for (let t = 0; t < 160; t += 2) {
    const [ah, al, eh, el] = [v[0]!, v[1]!, v[8]!, v[9]!];
    sum[0] = v[14]!;
    sum[1] = v[15]!;
    add(sum, 0, rotated(eh, el, 14) ^ rotated(eh, el, 18) ^ rotated(eh, el, 41), rotated(el, eh, 14) ^ rotated(el, eh, 18) ^ rotated(el, eh, 41)); // prettier-ignore
    add(sum, 0, (eh & v[10]!) ^ (~eh & v[12]!), (el & v[11]!) ^ (~el & v[13]!));
    add(sum, 0, roundConstants[t]!, roundConstants[t + 1]!);
    add(sum, 0, w[t]!, w[t + 1]!);
    sum[2] = rotated(ah, al, 28) ^ rotated(ah, al, 34) ^ rotated(ah, al, 39);
    sum[3] = rotated(al, ah, 28) ^ rotated(al, ah, 34) ^ rotated(al, ah, 39);
    add(sum, 2, (ah & v[2]!) ^ (ah & v[4]!) ^ (v[2]! & v[4]!), (al & v[3]!) ^ (al & v[5]!) ^ (v[3]! & v[5]!));
    v.copyWithin(2, 0, 14);
    add(v, 8, sum[0]!, sum[1]!);
    v[0] = sum[0]!;
    v[1] = sum[1]!;
    add(v, 0, sum[2]!, sum[3]!);
  }
  for (let i = 0; i < 16; i += 2) add(state, i, v[i]!, v[i + 1]!);
}

export const hashes: ReadonlyMap<string, Hash> = new Map(
  Object.entries({
    "SHA-1": {
      blockSize: 64,
      size: 20,
      initial: Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0),
      compress: compress1,
    },
    "SHA-256": { blockSize: 64, size: 32, initial: highWords(roots.slice(0, 16)), compress: compress256 },
    "SHA-384": { blockSize: 128, size: 48, initial: roots.slice(16), compress: compress512 },
    "SHA-512": { blockSize: 128, size: 64, initial: roots.slice(0, 16), compress: compress512 },
  }),
);

/** Of the parts one after the other. */
export function digest(hash: Hash, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const { blockSize, size, initial, compress } = hash;
  const state = initial.slice();
  const block = new Uint8Array(blockSize);
  const view = new DataView(block.buffer);
  let used = 0;
  let length = 0;
  for (const part of parts) {
    length += part.length;
    let at = 0;
    while (at < part.length) {
      const count = Math.min(blockSize - used, part.length - at);
      block.set(part.subarray(at, at + count), used);
      used += count;
      at += count;
      if (used < blockSize) continue;
      compress(state, view, 0);
      used = 0;
    }
  }
  // 5.1: a bit, zeros, and the length in bits at the end of a block.
  block.fill(0, used);
  block[used] = 0x80;
  if (used >= (blockSize / 8) * 7) {
    compress(state, view, 0);
    block.fill(0);
  }
  view.setUint32(blockSize - 8, Math.floor(length / 2 ** 29));
  view.setUint32(blockSize - 4, (length % 2 ** 29) * 8);
  compress(state, view, 0);
  const out = new DataView(new ArrayBuffer(initial.length * 4));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer, 0, size).slice();
}

/** RFC 2104. */
export function hmac(hash: Hash, key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(hash.blockSize);
  padded.set(key.length > hash.blockSize ? digest(hash, key) : key);
  const inner = digest(
    hash,
    padded.map((byte) => byte ^ 0x36),
    data,
  );
  return digest(
    hash,
    padded.map((byte) => byte ^ 0x5c),
    inner,
  );
}
