// Hashes of pages of guest memory, by which a later run knows that code is what it was.
import { pageSize } from "../../../bytes/align.js";

/** Tells pages that differ by accident; -1 beyond the memory. */
export function pageHash(memory: Uint8Array, page: number): number {
  if ((page + 1) * pageSize > memory.length) return -1;
  const words = new Int32Array(memory.buffer, memory.byteOffset + page * pageSize, pageSize / 4);
  let hash = page;
  for (let index = 0; index < words.length; index++) {
    hash = Math.imul(hash ^ (words[index] ?? 0), 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
