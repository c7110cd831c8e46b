// Sequence numbers (RFC 9293, 3.4): 32 bits that wrap, kept as signed integers, compared by their difference.

/** How far `a` is behind `b`; negative where it is ahead. */
export const distance = (a: number, b: number): number => (b - a) | 0;
export const before = (a: number, b: number): boolean => ((a - b) | 0) < 0;
export const after = (a: number, b: number): boolean => ((a - b) | 0) > 0;
export const later = (a: number, b: number): number => (((a - b) | 0) > 0 ? a : b);
export const earlier = (a: number, b: number): number => (((a - b) | 0) < 0 ? a : b);
