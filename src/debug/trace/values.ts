// Values in a trace, in the manner of strace: text in quotes and cut, addresses in hexadecimal, results by name.
import { result } from "../../abi/start.js";

/** Bytes of data that a line shows. */
const shown = 32;
const escapes: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\" };

/** `"text\n"…`: what is not printable ASCII as `\x1b`. */
export function quoted(data: Uint8Array): string {
  const text = Array.from(data.subarray(0, shown), (byte) => {
    if (escapes[byte] !== undefined) return escapes[byte];
    return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  return `"${text}"${data.length > shown ? "…" : ""}`;
}

const resultNames = new Map<number, string>(Object.entries(result).map(([name, value]) => [value, name]));
export const resultName = (value: number): string => resultNames.get(value) ?? String(value);

/** Seconds with microseconds. */
export const seconds = (nsecs: bigint): string => (Number(nsecs / 1000n) / 1e6).toFixed(6);
