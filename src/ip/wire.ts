// Numbers in network byte order (RFC 791, appendix B). Offsets are checked by who calls: what lies beyond the end reads as 0.

export const get16 = (b: Uint8Array, at: number): number => ((b[at] as number) << 8) | (b[at + 1] as number);

/** As a signed number of 32 bits: what sequence arithmetic wants. `>>> 0` makes it unsigned. */
export const get32 = (b: Uint8Array, at: number): number =>
  ((b[at] as number) << 24) |
  ((b[at + 1] as number) << 16) |
  ((b[at + 2] as number) << 8) |
  (b[at + 3] as number);

export function set16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}

export function set32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}

/** Whether the bytes of `b` from `at` on are those of `expected`. */
export function matches(b: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (b[at + i] !== expected[i]) return false;
  return true;
}

export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && matches(a, 0, b);

/** The bytes after each other, in an array of their own. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
