// Text in byte arrays: NUL-terminated strings and numbers as people read them in messages.

const decoder = new TextDecoder("utf-8", { fatal: false });
const encoder = new TextEncoder();

/** The text up to the first NUL, or all of it where there is none. */
export function textUntilNul(data: Uint8Array, from = 0): string {
  const end = data.indexOf(0, from);
  return decoder.decode(data.subarray(from, end < 0 ? data.length : end));
}

/** UTF-8 with a terminating NUL. */
export const withNul = (text: string): Uint8Array => encoder.encode(`${text}\0`);

/** `0x1f`: addresses and sizes in messages. */
export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
