// Text in byte arrays: UTF-8 in which any byte survives, NUL-terminated strings, and numbers as people read them in
// messages.

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();

/**
 * What stands for a byte that belongs to no UTF-8: a surrogate that has no partner, U+DC00 and the byte. File names and
 * arguments are bytes; so they are strings as well, and come out as they went in. Python's PEP 383 has it so.
 */
const strayByte = /[\udc80-\udcff]/u;
const strayBase = 0xdc00;

export const hasStrayBytes = (text: string): boolean => strayByte.test(text);

/** The text of `data`, from which `encodeText` makes the same bytes, whatever they are. */
export function decodeText(data: Uint8Array): string {
  const [whole] = decodeStrictly(data);
  if (whole !== undefined) return whole;
  let text = "";
  for (let at = 0; at < data.length;) {
    const byte = data[at] ?? 0;
    const [char] = decodeStrictly(data.subarray(at, at + sequenceLength(byte)));
    text += char ?? String.fromCharCode(strayBase + byte);
    at += char === undefined ? 1 : sequenceLength(byte);
  }
  return text;
}

/** UTF-8, with the stray bytes as they were. */
export function encodeText(text: string): Uint8Array {
  if (!hasStrayBytes(text)) return encoder.encode(text);
  const parts = Array.from(text, (char) =>
    hasStrayBytes(char) ? Uint8Array.of(char.charCodeAt(0) - strayBase) : encoder.encode(char),
  );
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Nothing where `data` is no UTF-8. */
function decodeStrictly(data: Uint8Array): readonly [text?: string] {
  try {
    return [strict.decode(data)];
  } catch {
    return [];
  }
}

/** Bytes that a character with the first byte `lead` takes: RFC 3629, 3. */
const sequenceLength = (lead: number): number => {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
};

/** The text up to the first NUL, or all of it where there is none. */
export function textUntilNul(data: Uint8Array, from = 0): string {
  const end = data.indexOf(0, from);
  return lossy.decode(data.subarray(from, end < 0 ? data.length : end));
}

/** UTF-8 with a terminating NUL. */
export const withNul = (text: string): Uint8Array => encodeText(`${text}\0`);

/** Text of a stranger for a message of one line: what is not printable becomes a JSON escape. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from(
      { length: char.length },
      (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );

/** `0x1f`: addresses and sizes in messages. */
export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
