// Bytes and numbers as pairs of hexadecimal digits, as nearly every command of the protocol carries them.
import { hexText } from "../../bytes/hex.js";

/** The bytes, or undefined where the text is not made of pairs of digits. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  if (!/^([0-9a-f]{2})*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Text with a byte a character, as bytes. */
export const bytesOfText = (text: string): Uint8Array =>
  Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);

/** `bits` of `value`, least significant byte first. */
export function hexOfNumber(value: bigint, bits: number): string {
  return hexText(Uint8Array.from({ length: bits / 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)));
}

export const numberOfBytes = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
