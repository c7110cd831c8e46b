// Seeded random numbers with a taste for the values at which arithmetic goes wrong.

export interface Random {
  /** A whole number in [0, n). */
  below(n: number): number;
  pick<T>(items: readonly T[]): T;
  u64(): bigint;
  /** 64 bits, often of an interesting value at some width. */
  integer(): bigint;
  /** The bits of a double, often special. */
  double(): bigint;
  /** Two singles. */
  singles(): bigint;
  /** An 80-bit number: significand, and exponent with sign; now and then one that no operation accepts. */
  extended(): readonly [significand: bigint, upper: number];
}

/** xorshift32 pairs: no cryptography, but the same everywhere. */
export function random(seed: number): Random {
  let state = (Math.imul(seed, 0x9e37_79b1) ^ 0x1234_5678) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let n = 0; n < 8; n++) next();
  const below = (n: number) => Math.floor((next() / 2 ** 32) * n);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined && items.length === 0) throw new RangeError("nothing to pick from");
    return item as T;
  };
  const u64 = () => (BigInt(next()) << 32n) | BigInt(next());
  const interesting = (): bigint => {
    const width = pick([8n, 16n, 32n, 64n]);
    const bit = 1n << BigInt(below(Number(width)));
    const base = pick([0n, 1n, 2n, bit, bit - 1n, bit + 1n, -1n, -2n, 1n << (width - 1n), -bit]);
    return BigInt.asUintN(64, base);
  };
  const integer = () => (below(3) === 0 ? u64() : interesting());
  const float = (exponentBits: bigint, fractionBits: bigint): bigint => {
    const width = exponentBits + fractionBits + 1n;
    const all = (1n << exponentBits) - 1n;
    const bias = all >> 1n;
    const near = BigInt.asUintN(Number(exponentBits), bias + BigInt(below(140) - 70));
    const exponent = pick([
      0n,
      all,
      bias,
      bias + 1n,
      near,
      near,
      near,
      BigInt.asUintN(Number(exponentBits), u64()),
    ]);
    const top = 1n << (fractionBits - 1n);
    const cut = (value: bigint) => BigInt.asUintN(Number(fractionBits), value);
    const fraction = pick([0n, 0n, top, 1n, top | 1n, cut(-1n), cut(u64()), cut(u64())]);
    return (BigInt(below(2)) << (width - 1n)) | (exponent << fractionBits) | fraction;
  };
  const double = () => float(11n, 52n);
  const single = () => float(8n, 23n);
  const extended = (): readonly [bigint, number] => {
    const sign = below(2) << 15;
    const near = 16383 + below(140) - 70;
    const exponent = pick([0, 0x7fff, 16383, 16384, near, near, near, near, near, below(0x8000)]);
    const top = 1n << 63n;
    const isNormal = exponent !== 0 && below(30) > 0;
    const bits = pick([
      0n,
      0n,
      1n,
      u64(),
      u64(),
      integer(),
      (u64() >> 40n) << 40n,
      1n << 62n,
      (1n << 62n) | 1n,
    ]);
    if (!isNormal) return [pick([0n, bits & (top - 1n)]), sign | exponent];
    return [BigInt.asUintN(64, bits | top), sign | exponent];
  };
  return { below, pick, u64, integer, double, singles: () => (single() << 32n) | single(), extended };
}
