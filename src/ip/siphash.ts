// SipHash-2-4 (Aumasson and Bernstein, 2012): the keyed function behind initial sequence numbers and ports (RFC 6528, 3;
// RFC 6056, 3.3.3). Words of 64 bits are pairs of 32, added by halves of 16, and a round stands in one piece: to an interpreter
// what exceeds 31 bits is a float, and a call dear.

const le32 = (b: Uint8Array, at: number): number =>
  (b[at] ?? 0) | ((b[at + 1] ?? 0) << 8) | ((b[at + 2] ?? 0) << 16) | ((b[at + 3] ?? 0) << 24);

/** The low and the high 32 bits of the hash of `data` under a key of 16 bytes. */
export function siphash(key: Uint8Array, data: Uint8Array): readonly [low: number, high: number] {
  const [k0, k1, k2, k3] = [le32(key, 0), le32(key, 4), le32(key, 8), le32(key, 12)];
  let [al, ah, bl, bh] = [k0 ^ 0x70736575, k1 ^ 0x736f6d65, k2 ^ 0x6e646f6d, k3 ^ 0x646f7261];
  let [cl, ch, dl, dh] = [k0 ^ 0x6e657261, k1 ^ 0x6c796765, k2 ^ 0x79746573, k3 ^ 0x74656462];
  let [low, high, turned] = [0, 0, 0];
  for (let at = 0; ; at += 8) {
    const isLast = at > data.length;
    const ml = isLast ? 0 : le32(data, at);
    const mh = isLast ? 0 : le32(data, at + 4) | (at + 8 > data.length ? data.length << 24 : 0);
    if (isLast) cl ^= 0xff;
    dl ^= ml;
    dh ^= mh;
    for (let round = isLast ? 4 : 2; round > 0; round--) {
      low = (al & 0xffff) + (bl & 0xffff);
      high = (al >>> 16) + (bl >>> 16) + (low >>> 16);
      al = (high << 16) | (low & 0xffff);
      low = (ah & 0xffff) + (bh & 0xffff) + (high >>> 16);
      ah = (((ah >>> 16) + (bh >>> 16) + (low >>> 16)) << 16) | (low & 0xffff);
      turned = (bl << 13) | (bh >>> 19);
      bh = ((bh << 13) | (bl >>> 19)) ^ ah;
      bl = turned ^ al;
      turned = al;
      al = ah;
      ah = turned;
      low = (cl & 0xffff) + (dl & 0xffff);
      high = (cl >>> 16) + (dl >>> 16) + (low >>> 16);
      cl = (high << 16) | (low & 0xffff);
      low = (ch & 0xffff) + (dh & 0xffff) + (high >>> 16);
      ch = (((ch >>> 16) + (dh >>> 16) + (low >>> 16)) << 16) | (low & 0xffff);
      turned = (dl << 16) | (dh >>> 16);
      dh = ((dh << 16) | (dl >>> 16)) ^ ch;
      dl = turned ^ cl;
      low = (al & 0xffff) + (dl & 0xffff);
      high = (al >>> 16) + (dl >>> 16) + (low >>> 16);
      al = (high << 16) | (low & 0xffff);
      low = (ah & 0xffff) + (dh & 0xffff) + (high >>> 16);
      ah = (((ah >>> 16) + (dh >>> 16) + (low >>> 16)) << 16) | (low & 0xffff);
      turned = (dl << 21) | (dh >>> 11);
      dh = ((dh << 21) | (dl >>> 11)) ^ ah;
      dl = turned ^ al;
      low = (cl & 0xffff) + (bl & 0xffff);
      high = (cl >>> 16) + (bl >>> 16) + (low >>> 16);
      cl = (high << 16) | (low & 0xffff);
      low = (ch & 0xffff) + (bh & 0xffff) + (high >>> 16);
      ch = (((ch >>> 16) + (bh >>> 16) + (low >>> 16)) << 16) | (low & 0xffff);
      turned = (bl << 17) | (bh >>> 15);
      bh = ((bh << 17) | (bl >>> 15)) ^ ch;
      bl = turned ^ cl;
      turned = cl;
      cl = ch;
      ch = turned;
    }
    if (isLast) return [al ^ bl ^ cl ^ dl, ah ^ bh ^ ch ^ dh];
    al ^= ml;
    ah ^= mh;
  }
}
