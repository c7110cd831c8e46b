// Text in byte arrays: NUL-terminated strings and numbers as people read them in messages.

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** The text up to the first NUL, or all of it where there is none. */
export function textUntilNul(data: Uint8Array, from = 0): string {
  const end = data.indexOf(0, from);
  return decoder.decode(data.subarray(from, end < 0 ? data.length : end));
}

/** UTF-8 with a terminating NUL. */
export const withNul = (text: string): Uint8Array => encoder.encode(`${text}\0`);

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
