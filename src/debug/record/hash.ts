// A hash of 32 bits that tells bytes which differ by accident: FNV-1a's step on words.

export const mix = (hash: number, value: number): number => {
  const next = Math.imul(hash ^ value, 0x0100_0193);
  return next ^ (next >>> 15);
};

const START = 0x811c_9dc5;

/** By words where the bytes begin at one. */
export function hashOf(data: Uint8Array, start = START): number {
  if (data.byteOffset % 4 !== 0) return hashBytes(data, start);
  const words = new Int32Array(data.buffer, data.byteOffset, data.length >> 2);
  let hash = start;
  for (let index = 0; index < words.length; index++) hash = mix(hash, words[index] ?? 0);
  return hashBytes(data.subarray(words.length * 4), hash);
}

/** Byte by byte: in pieces it gives what it gives for the whole. */
export function hashBytes(data: Uint8Array, start = START): number {
  let hash = start;
  for (let index = 0; index < data.length; index++) hash = mix(hash, data[index] ?? 0);
  return hash;
}
