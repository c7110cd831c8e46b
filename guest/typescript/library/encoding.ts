// TextEncoder, TextDecoder (UTF-8 alone), btoa and atob. WHATWG Encoding, HTML 8.3.
import { host } from "./host";

function encodeSlowly(text: string): Uint8Array<ArrayBuffer> {
  const parts = text.split("\0").map((part) => new Uint8Array(host.encodeText(part)));
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, -1));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length + 1;
  }
  return out;
}

export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const wellFormed = text.toWellFormed();
  return wellFormed.includes("\0") ? encodeSlowly(wellFormed) : new Uint8Array(host.encodeText(wellFormed));
}

export class TextEncoder {
  get encoding(): string {
    return "utf-8";
  }

  encode(text = ""): Uint8Array<ArrayBuffer> {
    return encodeText(String(text));
  }

  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    let read = 0;
    let written = 0;
    for (const char of text) {
      const bytes = encodeText(char);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      written += bytes.length;
      read += char.length;
    }
    return { read, written };
  }
}

/** How long the sequence is that a byte begins, and the bounds of the second byte: Unicode 15, table 3-7. */
function sequence(first: number): readonly [length: number, low: number, high: number] {
  if (first < 0xc2 || first > 0xf4) return [0, 0, 0];
  if (first < 0xe0) return [2, 0x80, 0xbf];
  if (first < 0xf0) return [3, first === 0xe0 ? 0xa0 : 0x80, first === 0xed ? 0x9f : 0xbf];
  return [4, first === 0xf0 ? 0x90 : 0x80, first === 0xf4 ? 0x8f : 0xbf];
}

/** Decodes one byte after the other; what is no UTF-8 gives `bad()`. Stops before a sequence that is cut, and says where. */
function decodeSlowly(
  bytes: Uint8Array,
  bad: () => string,
  isLast: boolean,
): { readonly text: string; readonly end: number } {
  const out: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] ?? 0;
    if (first < 0x80) {
      out.push(String.fromCharCode(first));
      at++;
      continue;
    }
    const [length, low, high] = sequence(first);
    let count = 1;
    let point = first & (0x7f >> length);
    while (count < length) {
      const next = bytes[at + count];
      if (next === undefined && !isLast) return { text: out.join(""), end: at };
      if (next === undefined || next < (count === 1 ? low : 0x80) || next > (count === 1 ? high : 0xbf))
        break;
      point = (point << 6) | (next & 0x3f);
      count++;
    }
    out.push(length !== 0 && count === length ? String.fromCodePoint(point) : bad());
    at += count;
  }
  return { text: out.join(""), end: at };
}

export class TextDecoder {
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  #rest = new Uint8Array(0);
  #begun = false;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^\s*(unicode-1-1-utf-8|utf-?8|x-unicode20utf8|unicode11utf8|unicode20utf8)\s*$/i.test(label)) {
      throw new RangeError(`TextDecoder: ${label}: only UTF-8 is there`);
    }
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  get encoding(): string {
    return "utf-8";
  }

  decode(input?: ArrayBuffer | ArrayBufferView, { stream = false } = {}): string {
    let bytes = viewOf(input);
    if (this.#rest.length > 0) {
      const joined = new Uint8Array(this.#rest.length + bytes.length);
      joined.set(this.#rest);
      joined.set(bytes, this.#rest.length);
      bytes = joined;
    }
    let text = bytes.length === 0 ? "" : host.decodeText(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#rest = new Uint8Array(0);
    if (text === undefined) {
      const bad = (): string => {
        if (this.fatal) throw new TypeError("TextDecoder: the bytes are not UTF-8");
        return "\ufffd";
      };
      const decoded = decodeSlowly(bytes, bad, !stream);
      text = decoded.text;
      this.#rest = bytes.slice(decoded.end);
    }
    if (!this.#begun && !this.ignoreBOM && text.startsWith("\ufeff")) text = text.slice(1);
    this.#begun = stream && (this.#begun || text !== "");
    return text;
  }
}

export function viewOf(input: ArrayBuffer | ArrayBufferView | undefined): Uint8Array<ArrayBuffer> {
  if (input === undefined) return new Uint8Array(0);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  return new Uint8Array(input.buffer as ArrayBuffer, input.byteOffset, input.byteLength);
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function btoa(text: string): string {
  let out = "";
  for (let at = 0; at < text.length; at += 3) {
    const codes = [0, 1, 2].map((i) => text.charCodeAt(at + i));
    if (codes.some((code) => code > 255))
      throw new DOMException("btoa: a character beyond U+00FF", "InvalidCharacterError");
    const [a = 0, b = 0, c = 0] = codes.map((code) => code || 0);
    const bits = (a << 16) | (b << 8) | c;
    const count = Math.min(3, text.length - at);
    for (let i = 0; i < 4; i++) out += i <= count ? alphabet[(bits >> (18 - 6 * i)) & 63] : "=";
  }
  return out;
}

export function atob(text: string): string {
  const digits = String(text).replace(/[\t\n\f\r ]/g, "");
  const trimmed = digits.length % 4 === 0 ? digits.replace(/==?$/, "") : digits;
  if (trimmed.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(trimmed)) {
    throw new DOMException("atob: this is not base64", "InvalidCharacterError");
  }
  let out = "";
  let bits = 0;
  let count = 0;
  for (const digit of trimmed) {
    bits = ((bits << 6) | alphabet.indexOf(digit)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += String.fromCharCode((bits >> count) & 255);
    }
  }
  return out;
}
