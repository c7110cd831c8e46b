// Archives of files whose bytes depend on the files alone: POSIX.1-1988 "ustar", without times and owners. POSIX.1-2017, pax,
// "ustar Interchange Format".
import { closeSync, openSync, readSync } from "node:fs";
import { encodeText } from "../../bytes/text.js";
import { Solo5Error } from "../../bytes/error.js";

const blockSize = 512;
/** Eleven octal digits. */
const sizeMax = 8 ** 11 - 1;
const nameMax = 100;

/** A file of an archive: its bytes, or a file that has them. A name that ends with a slash is a folder. */
export interface TarEntry {
  readonly name: string;
  readonly content: Uint8Array | { readonly path: string; readonly size: number };
  readonly isExecutable?: boolean;
}

/** Gives the archive's bytes to `write`, part by part. Throws Solo5Error. */
export function writeTar(
  entries: readonly TarEntry[],
  secs: number,
  write: (part: Uint8Array) => void,
): void {
  for (const entry of entries) {
    const { content } = entry;
    const size = content instanceof Uint8Array ? content.length : content.size;
    write(header(entry, size, secs));
    if (content instanceof Uint8Array) write(content);
    else copy(content.path, size, write);
    write(new Uint8Array((blockSize - (size % blockSize)) % blockSize));
  }
  write(new Uint8Array(2 * blockSize));
}

function header({ name, isExecutable = false }: TarEntry, size: number, secs: number): Uint8Array {
  const isFolder = name.endsWith("/");
  const encoded = encodeText(name);
  if (encoded.length > nameMax)
    throw new Solo5Error("OCI_IMAGE", `${name}: the name is too long for an image`);
  if (size > sizeMax) throw new Solo5Error("OCI_IMAGE", `${name}: ${size} bytes are too many for an image`);
  const block = new Uint8Array(blockSize);
  const put = (at: number, data: Uint8Array): void => block.set(data, at);
  const octal = (at: number, digits: number, value: number): void =>
    put(at, encodeText(value.toString(8).padStart(digits, "0")));
  put(0, encoded);
  octal(100, 7, isFolder || isExecutable ? 0o755 : 0o644);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, secs);
  put(148, encodeText(" ".repeat(8)));
  put(156, encodeText(isFolder ? "5" : "0"));
  put(257, encodeText("ustar\u000000"));
  octal(
    148,
    6,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  block[154] = 0;
  return block;
}

function copy(path: string, size: number, write: (part: Uint8Array) => void): void {
  const fd = openSync(path, "r");
  try {
    const part = new Uint8Array(2 ** 20);
    for (let at = 0; at < size;) {
      const count = readSync(fd, part, 0, Math.min(part.length, size - at), at);
      if (count === 0) throw new Solo5Error("OCI_IMAGE", `${path}: it became shorter while it was read`);
      write(part.slice(0, count));
      at += count;
    }
  } finally {
    closeSync(fd);
  }
}
