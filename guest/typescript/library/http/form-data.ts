// FormData, and its two forms as bodies: multipart/form-data (RFC 7578) and application/x-www-form-urlencoded. WHATWG XHR 4.3.
import { Blob, blobBytes, File } from "../blob";
import { crypto } from "../crypto";
import { encodeText, TextDecoder } from "../encoding";
import { URLSearchParams } from "../url";
import { bodyType, others, type Body } from "./body";

type Entry = string | File;

/** Blobs are files, called `blob` where nobody says how. */
function entryOf(value: unknown, filename?: string): Entry {
  if (!(value instanceof Blob)) return String(value);
  if (value instanceof File && filename === undefined) return value;
  const name = filename ?? "blob";
  return new File([value], name, { type: value.type });
}

export class FormData {
  #entries: (readonly [string, Entry])[] = [];

  append(name: string, value: unknown, filename?: string): void {
    this.#entries.push([String(name), entryOf(value, filename)]);
  }
  set(name: string, value: unknown, filename?: string): void {
    const at = this.#entries.findIndex(([key]) => key === String(name));
    const entry = [String(name), entryOf(value, filename)] as const;
    if (at < 0) return void this.#entries.push(entry);
    this.#entries = this.#entries.filter(([key], i) => i <= at || key !== entry[0]).with(at, entry);
  }
  delete(name: string): void {
    this.#entries = this.#entries.filter(([key]) => key !== String(name));
  }
  get(name: string): Entry | null {
    return this.getAll(name)[0] ?? null;
  }
  getAll(name: string): Entry[] {
    return this.#entries.filter(([key]) => key === String(name)).map(([, value]) => value);
  }
  has(name: string): boolean {
    return this.#entries.some(([key]) => key === String(name));
  }
  forEach(call: (value: Entry, name: string, data: FormData) => void): void {
    for (const [name, value] of this.#entries) call(value, name, this);
  }
  *entries(): IterableIterator<[string, Entry]> {
    for (const [name, value] of this.#entries) yield [name, value];
  }
  *keys(): IterableIterator<string> {
    for (const [name] of this.#entries) yield name;
  }
  *values(): IterableIterator<Entry> {
    for (const [, value] of this.#entries) yield value;
  }
  [Symbol.iterator](): IterableIterator<[string, Entry]> {
    return this.entries();
  }
}

const lines = (text: string): string => text.replaceAll(/\r\n|\r|\n/g, "\r\n");
const escaped = (name: string): string =>
  lines(name).replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");

function encodeMultipart(data: FormData): { readonly blob: Blob; readonly type: string } {
  const boundary = `----formdata-solo5-${crypto.randomUUID().replaceAll("-", "")}`;
  const parts: (string | Blob)[] = [];
  for (const [name, value] of data) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"`;
    if (typeof value === "string") parts.push(`${head}\r\n\r\n${lines(value)}\r\n`);
    else {
      const type = value.type === "" ? "application/octet-stream" : value.type;
      parts.push(
        `${head}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`,
        value,
        "\r\n",
      );
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return { blob: new Blob(parts), type: `multipart/form-data; boundary=${boundary}` };
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + wanted.length > bytes.length) return -1;
    let i = 1;
    while (i < wanted.length && bytes[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  return -1;
}

const unescaped = (name: string): string =>
  name.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%22", '"');

const bad = (what: string): TypeError => new TypeError(`the body is no form: ${what}`);

function decodeMultipart(bytes: Uint8Array<ArrayBuffer>, boundary: string): FormData {
  const data = new FormData();
  const decoder = new TextDecoder();
  // The first delimiter has no line in front of it.
  const delimiter = encodeText(`\r\n--${boundary}`);
  const isDelimited = indexOf(bytes, delimiter.subarray(2), 0) === 0;
  let at = isDelimited ? delimiter.length - 2 : indexOf(bytes, delimiter, 0) + delimiter.length;
  if (at < delimiter.length - 2) throw bad("it has not its boundary");
  const [lineEnd, headEnd] = [encodeText("\r\n"), encodeText("\r\n\r\n")];
  for (;;) {
    if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return data;
    // Spaces may stand behind the boundary: RFC 2046, 5.1.1.
    const line = indexOf(bytes, lineEnd, at);
    const end = line < 0 ? -1 : indexOf(bytes, headEnd, line);
    const next = end < 0 ? -1 : indexOf(bytes, delimiter, end + 2);
    if (next < 0) throw bad("a part is cut off");
    const head = decoder.decode(bytes.subarray(line + 2, end));
    const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head)?.[1] ?? "";
    const parameter = (name: string): string | undefined => {
      const [, quoted, plain] =
        new RegExp(`(?:^|;)\\s*${name}=(?:"([^"]*)"|([^\\s;]*))`, "i").exec(disposition) ?? [];
      const value = quoted ?? plain;
      return value === undefined ? undefined : unescaped(value);
    };
    const name = parameter("name");
    if (name === undefined) throw bad("a part has no name");
    const content = bytes.subarray(end + 4, Math.max(end + 4, next));
    const filename = parameter("filename");
    if (filename === undefined)
      data.append(name, new TextDecoder("utf-8", { ignoreBOM: true }).decode(content));
    else {
      const type = /^content-type:\s*(.*?)\s*$/im.exec(head)?.[1] ?? "text/plain";
      data.append(name, new File([content], filename, { type }));
    }
    at = next + delimiter.length;
  }
}

/** Throws TypeError for what is no form. */
function decodeForm(bytes: Uint8Array<ArrayBuffer>, type: string): FormData {
  const [kind = ""] = type.split(";");
  if (/^\s*application\/x-www-form-urlencoded\s*$/i.test(kind)) {
    const data = new FormData();
    for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes)))
      data.append(name, value);
    return data;
  }
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (!/^\s*multipart\/form-data\s*$/i.test(kind) || boundary === undefined)
    throw bad(`its type is '${type}'`);
  return decodeMultipart(bytes, boundary);
}

/** Of requests and responses. */
export const formOf = async (body: Body): Promise<FormData> =>
  decodeForm(await body.bytes(), body[bodyType]());

others.push((body) => {
  if (!(body instanceof FormData)) return undefined;
  const { blob, type } = encodeMultipart(body);
  return { content: { bytes: blobBytes(blob) }, type };
});
