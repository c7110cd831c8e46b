// Node's Buffer, as far as src/oci goes.
import { encodeText } from "../../bytes/text.js";

export type Encoding = "utf8" | "latin1";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes as characters, as many at once as a call takes. */
function singles(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 4096) text += String.fromCharCode(...data.subarray(at, at + 4096));
  return text;
}

/** Without what Uint8Array itself has beside: `from` is another. */
const Bytes: new (from: number | ArrayLike<number>) => Uint8Array<ArrayBuffer> = Uint8Array;

export class Buffer extends Bytes {
  static from(text: string | ArrayLike<number>, encoding: Encoding = "utf8"): Buffer {
    if (typeof text !== "string") return new Buffer(text);
    return encoding === "utf8"
      ? new Buffer(encodeText(text))
      : new Buffer(Array.from(text, (char) => char.charCodeAt(0)));
  }

  static concat(parts: readonly Uint8Array[]): Buffer {
    const whole = new Buffer(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  override toString(encoding: Encoding = "utf8"): string {
    return encoding === "utf8" ? decoder.decode(this) : singles(this);
  }
}
