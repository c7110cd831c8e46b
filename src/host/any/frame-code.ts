// The key of a segment's frames, and their codes: RFC 2104 with SHA-256, the first 16 bytes of it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";

export const codeSize = 16;
/** Of what each side draws when it begins, so that no code of another time fits. */
export const nonceSize = 16;
/** RFC 2104, 3: as long as the hash's output. */
const keyLeast = 32;

/** 64 bits, most significant first. */
export function counterBytes(counter: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(counter);
  return bytes;
}

export function codeOf(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, codeSize);
}

/** Whether two of the same length are the same, in the same time whatever they are. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean => timingSafeEqual(a, b);

/** The key in a file. Throws Solo5Error. */
export function readKey(file: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, "latin1").trim();
  } catch (cause) {
    throw new Solo5Error("NET", `${file}: cannot read the key: ${(cause as Error).message}`, { cause });
  }
  if (text.length < keyLeast) throw new Solo5Error("NET", `${file}: a key has ${keyLeast} bytes at least`);
  return Buffer.from(text, "latin1");
}
