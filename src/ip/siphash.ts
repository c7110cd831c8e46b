// SipHash-2-4 (Aumasson and Bernstein, 2012): the keyed function behind initial sequence numbers and ports (RFC 6528, 3;
// RFC 6056, 3.3.3). Words of 64 bits are pairs of 32: low, high.

/** v0 to v3, eight words of 32 bits. Rotations by 32 swap a pair. */
function round(v: Int32Array): void {
  add(v, 0, 2);
  rotate(v, 2, 13);
  xor(v, 2, 0);
  swap(v, 0);
  add(v, 4, 6);
  rotate(v, 6, 16);
  xor(v, 6, 4);
  add(v, 0, 6);
  rotate(v, 6, 21);
  xor(v, 6, 0);
  add(v, 4, 2);
  rotate(v, 2, 17);
  xor(v, 2, 4);
  swap(v, 4);
}

function add(v: Int32Array, to: number, from: number): void {
  const low = ((v[to] as number) >>> 0) + ((v[from] as number) >>> 0);
  v[to] = low;
  v[to + 1] = (v[to + 1] as number) + (v[from + 1] as number) + (low > 0xffffffff ? 1 : 0);
}
function rotate(v: Int32Array, at: number, by: number): void {
  const [low, high] = [v[at] as number, v[at + 1] as number];
  v[at] = (low << by) | (high >>> (32 - by));
  v[at + 1] = (high << by) | (low >>> (32 - by));
}
function xor(v: Int32Array, to: number, from: number): void {
  v[to] = (v[to] as number) ^ (v[from] as number);
  v[to + 1] = (v[to + 1] as number) ^ (v[from + 1] as number);
}
function swap(v: Int32Array, at: number): void {
  const low = v[at] as number;
  v[at] = v[at + 1] as number;
  v[at + 1] = low;
}

const le32 = (b: Uint8Array, at: number): number =>
  (b[at] ?? 0) | ((b[at + 1] ?? 0) << 8) | ((b[at + 2] ?? 0) << 16) | ((b[at + 3] ?? 0) << 24);

/** The low and the high 32 bits of the hash of `data` under a key of 16 bytes. */
export function siphash(key: Uint8Array, data: Uint8Array): readonly [low: number, high: number] {
  const [a, b, c, d] = [le32(key, 0), le32(key, 4), le32(key, 8), le32(key, 12)];
  const v = Int32Array.of(
    a ^ 0x70736575, b ^ 0x736f6d65, c ^ 0x6e646f6d, d ^ 0x646f7261,
    a ^ 0x6e657261, b ^ 0x6c796765, c ^ 0x79746573, d ^ 0x74656462,
  ); // prettier-ignore
  for (let at = 0; at <= data.length; at += 8) {
    const low = le32(data, at);
    const high = at + 8 > data.length ? le32(data, at + 4) | (data.length << 24) : le32(data, at + 4);
    v[6] = (v[6] as number) ^ low;
    v[7] = (v[7] as number) ^ high;
    round(v);
    round(v);
    v[0] = (v[0] as number) ^ low;
    v[1] = (v[1] as number) ^ high;
  }
  v[4] = (v[4] as number) ^ 0xff;
  for (let i = 0; i < 4; i++) round(v);
  const half = (i: number): number =>
    (v[i] as number) ^ (v[i + 2] as number) ^ (v[i + 4] as number) ^ (v[i + 6] as number);
  return [half(0), half(1)];
}
