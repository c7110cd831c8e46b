// AES, carry-less multiplication and SHA. Specifications: FIPS 197, FIPS 180-4, and the pages of Intel's SDM volume 2.
import type { Slow } from "../machine.js";
import { putInteger, toInteger, vectorInstruction, words, xmmBytes } from "./vector.js";

/** Multiplication by x in AES's field. */
const double = (a: number) => ((a << 1) ^ (a & 0x80 ? 0x11b : 0)) & 0xff;

function multiply(a: number, b: number): number {
  let result = 0;
  for (let x = a, y = b; y > 0; y >>= 1, x = double(x)) if (y & 1) result ^= x;
  return result;
}

/** The S-box and its inverse: the field's inverse, then an affine map. FIPS 197, 5.1.1. */
function boxes(): readonly [Uint8Array, Uint8Array] {
  const box = new Uint8Array(256);
  const inverse = new Uint8Array(256);
  // 3 generates the field: p runs through all elements and q through their inverses.
  let p = 1;
  let q = 1;
  do {
    p ^= double(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 9;
    const rotated = (n: number) => ((q << n) | (q >> (8 - n))) & 0xff;
    box[p] = q ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63;
  } while (p !== 1);
  box[0] = 0x63;
  box.forEach((value, n) => (inverse[value] = n));
  return [box, inverse];
}

let tables: readonly [Uint8Array, Uint8Array] | undefined;
const sBox = () => (tables ??= boxes())[0];
const inverseBox = () => (tables ??= boxes())[1];

/** Row r of the state moves by r columns; bytes are in columns. */
const shiftRows = (a: Uint8Array, by: 1 | -1) => a.map((_, n) => a[(n + by * 4 * (n & 3) + 16) & 15] ?? 0);
const substitute = (a: Uint8Array, box: Uint8Array) => a.map((value) => box[value] ?? 0);
const add = (a: Uint8Array, b: Uint8Array) => a.map((value, n) => value ^ (b[n] ?? 0));

function mixColumns(a: Uint8Array, factors: readonly number[]): Uint8Array {
  return a.map((_, n) => {
    const column = n & 12;
    return [0, 1, 2, 3].reduce(
      (sum, row) => sum ^ multiply(a[column + ((n + row) & 3)] ?? 0, factors[row] ?? 0),
      0,
    );
  });
}

const forward = [2, 3, 1, 1];
const backward = [14, 11, 13, 9];

/** The round constant joins the rotated words. */
function keyGenAssist(source: Uint8Array, imm: number): Uint8Array {
  const result = new Uint8Array(16);
  const box = sBox();
  for (const [to, from] of [
    [0, 4],
    [8, 12],
  ] as const) {
    for (let n = 0; n < 4; n++) {
      result[to + n] = box[source[from + n] ?? 0] ?? 0;
      result[to + 4 + n] = box[source[from + ((n + 1) & 3)] ?? 0] ?? 0;
    }
    result[to + 4] = (result[to + 4] ?? 0) ^ imm;
  }
  return result;
}

const bytesOf = (...values: readonly number[]): Uint8Array => {
  const result = new Uint8Array(16);
  words(result).set(values);
  return result;
};

const carryless = vectorInstruction((a, b, imm) => {
  const half = (v: Uint8Array, high: number) => BigInt.asUintN(64, toInteger(v) >> (high ? 64n : 0n));
  const x = half(a, imm & 1);
  let y = half(b, imm & 16);
  let product = 0n;
  for (let shift = 0n; y !== 0n; shift++, y >>= 1n) if ((y & 1n) !== 0n) product ^= x << shift;
  const result = new Uint8Array(16);
  putInteger(result, product);
  return result;
});

/** Some CPUs want SHA's operands aligned and some do not: the guest of either must run. */
const sha: typeof vectorInstruction = (f) => vectorInstruction(f, false);

const rotateLeft = (x: number, n: number) => (x << n) | (x >>> (32 - n));
const rotateRight = (x: number, n: number) => (x >>> n) | (x << (32 - n));

/** The first operand's words are A B C D from the top; the second's are messages, E added to the first. */
const sha1Rounds = sha((to, from, imm) => {
  const [d = 0, c = 0, b = 0, a = 0] = words(to);
  const message = [...words(from)].reverse();
  const constant = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][imm & 3] ?? 0;
  const mix = [
    (x: number, y: number, z: number) => (x & y) ^ (~x & z),
    (x: number, y: number, z: number) => x ^ y ^ z,
    (x: number, y: number, z: number) => (x & y) ^ (x & z) ^ (y & z),
    (x: number, y: number, z: number) => x ^ y ^ z,
  ][imm & 3];
  let s = [a, b, c, d, 0];
  message.forEach((word) => {
    const [A = 0, B = 0, C = 0, D = 0, E = 0] = s;
    const next = (mix?.(B, C, D) ?? 0) + rotateLeft(A, 5) + word + E + constant;
    s = [next | 0, A, rotateLeft(B, 30), C, D];
  });
  const [A = 0, B = 0, C = 0, D = 0] = s;
  return bytesOf(D, C, B, A);
});

const sha256Rounds = sha((to, from, _imm, m) => {
  const [h = 0, g = 0, d = 0, c = 0] = words(to);
  const [f = 0, e = 0, b = 0, a = 0] = words(from);
  const keyed = words(xmmBytes(m, 0));
  let s = [a, b, c, d, e, f, g, h];
  for (let n = 0; n < 2; n++) {
    const [A = 0, B = 0, C = 0, D = 0, E = 0, F = 0, G = 0, H = 0] = s;
    const s1 = rotateRight(E, 6) ^ rotateRight(E, 11) ^ rotateRight(E, 25);
    const s0 = rotateRight(A, 2) ^ rotateRight(A, 13) ^ rotateRight(A, 22);
    const first = ((E & F) ^ (~E & G)) + s1 + (keyed[n] ?? 0) + H;
    s = [(first + ((A & B) ^ (A & C) ^ (B & C)) + s0) | 0, A, B, C, (first + D) | 0, E, F, G];
  }
  const [A = 0, B = 0, , , E = 0, F = 0] = s;
  return bytesOf(F, E, B, A);
});

const sigma0 = (x: number) => rotateRight(x, 7) ^ rotateRight(x, 18) ^ (x >>> 3);
const sigma1 = (x: number) => rotateRight(x, 17) ^ rotateRight(x, 19) ^ (x >>> 10);

export const cryptoInstructions: Record<string, Slow> = {
  AESENC: vectorInstruction((a, key) => add(mixColumns(substitute(shiftRows(a, 1), sBox()), forward), key)),
  AESENCLAST: vectorInstruction((a, key) => add(substitute(shiftRows(a, 1), sBox()), key)),
  AESDEC: vectorInstruction((a, key) =>
    add(mixColumns(substitute(shiftRows(a, -1), inverseBox()), backward), key),
  ),
  AESDECLAST: vectorInstruction((a, key) => add(substitute(shiftRows(a, -1), inverseBox()), key)),
  AESIMC: vectorInstruction((_a, source) => mixColumns(source, backward)),
  AESKEYGENASSIST: vectorInstruction((_a, source, imm) => keyGenAssist(source, imm)),
  PCLMULQDQ: carryless,
  SHA1RNDS4: sha1Rounds,
  SHA1NEXTE: sha((to, from) => {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words(from);
    return bytesOf(w0, w1, w2, w3 + rotateLeft(words(to)[3] ?? 0, 30));
  }),
  SHA1MSG1: sha((to, from) => {
    const [w3 = 0, w2 = 0, w1 = 0, w0 = 0] = words(to);
    const [, , w5 = 0, w4 = 0] = words(from);
    return bytesOf(w5 ^ w3, w4 ^ w2, w3 ^ w1, w2 ^ w0);
  }),
  SHA1MSG2: sha((to, from) => {
    const [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = words(to);
    const [w15 = 0, w14 = 0, w13 = 0] = words(from);
    const w16 = rotateLeft(d3 ^ w13, 1);
    return bytesOf(rotateLeft(d0 ^ w16, 1), rotateLeft(d1 ^ w15, 1), rotateLeft(d2 ^ w14, 1), w16);
  }),
  SHA256RNDS2: sha256Rounds,
  SHA256MSG1: sha((to, from) => {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words(to);
    const w4 = words(from)[0] ?? 0;
    return bytesOf(w0 + sigma0(w1), w1 + sigma0(w2), w2 + sigma0(w3), w3 + sigma0(w4));
  }),
  SHA256MSG2: sha((to, from) => {
    const [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = words(to);
    const [, , w14 = 0, w15 = 0] = words(from);
    const w16 = (d0 + sigma1(w14)) | 0;
    const w17 = (d1 + sigma1(w15)) | 0;
    return bytesOf(w16, w17, d2 + sigma1(w16), d3 + sigma1(w17));
  }),
};
