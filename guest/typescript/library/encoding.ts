// TextEncoder, TextDecoder (UTF-8, UTF-16, windows-1252), btoa and atob. WHATWG Encoding, HTML 8.3.
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

/** What is between U+0080 and U+009F otherwise. */
const windows1252 =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

function decodeSingles(bytes: Uint8Array): string {
  const out: string[] = [];
  for (const byte of bytes)
    out.push(byte >= 0x80 && byte < 0xa0 ? (windows1252[byte - 0x80] ?? "") : String.fromCharCode(byte));
  return out.join("");
}

/** Stops before half a unit or half a pair, and says where. */
function decodeUnits(
  bytes: Uint8Array,
  isLittle: boolean,
  bad: () => string,
  isLast: boolean,
): { readonly text: string; readonly end: number } {
  const units: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const [low = 0, high = 0] = isLittle ? [bytes[at], bytes[at + 1]] : [bytes[at + 1], bytes[at]];
    units.push((high << 8) | low);
  }
  const last = units.at(-1) ?? 0;
  if (!isLast && last >= 0xd800 && last < 0xdc00) units.pop();
  let text = "";
  for (let i = 0; i < units.length; i += 8192) text += String.fromCharCode(...units.slice(i, i + 8192));
  if (!text.isWellFormed()) {
    bad();
    text = text.toWellFormed();
  }
  const end = units.length * 2;
  return isLast && bytes.length % 2 === 1 ? { text: text + bad(), end: bytes.length } : { text, end };
}

/** WHATWG Encoding 4.2. */
const labels: readonly (readonly [encoding: string, labels: RegExp])[] = [
  ["utf-8", /^(unicode-1-1-utf-8|utf-?8|x-unicode20utf8|unicode11utf8|unicode20utf8)$/i],
  ["utf-16le", /^(csunicode|iso-10646-ucs-2|ucs-2|unicode|unicodefeff|utf-16|utf-16le)$/i],
  ["utf-16be", /^(unicodefffe|utf-16be)$/i],
  ["windows-1252", /^(ansi_x3\.4-1968|ascii|cp1252|cp819|csisolatin1|ibm819|iso-?8859-?1|iso-ir-100|iso_8859-1(:1987)?|l1|latin1|us-ascii|windows-1252|x-cp1252)$/i],
]; // prettier-ignore

export class TextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  #rest = new Uint8Array(0);
  #begun = false;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    const found = labels.find(([, known]) => known.test(String(label).trim()));
    if (found === undefined)
      throw new RangeError(`TextDecoder: ${label}: only UTF-8, UTF-16 and windows-1252 are there`);
    [this.encoding] = found;
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  decode(input?: ArrayBuffer | ArrayBufferView, { stream = false } = {}): string {
    let bytes = viewOf(input);
    if (this.#rest.length > 0) {
      const joined = new Uint8Array(this.#rest.length + bytes.length);
      joined.set(this.#rest);
      joined.set(bytes, this.#rest.length);
      bytes = joined;
    }
    this.#rest = new Uint8Array(0);
    if (this.encoding === "windows-1252") return decodeSingles(bytes);
    const isUtf8 = this.encoding === "utf-8";
    let text = bytes.length === 0 ? "" : isUtf8 ? host.decodeText(bytes.buffer, bytes.byteOffset, bytes.byteLength) : undefined; // prettier-ignore
    if (text === undefined) {
      const bad = (): string => {
        if (this.fatal) throw new TypeError(`TextDecoder: the bytes are not ${this.encoding}`);
        return "\ufffd";
      };
      const decoded = isUtf8
        ? decodeSlowly(bytes, bad, !stream)
        : decodeUnits(bytes, this.encoding === "utf-16le", bad, !stream);
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
