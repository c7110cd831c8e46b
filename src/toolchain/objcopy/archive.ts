// Archives of objects as ar(5) describes them: each member is changed, the index of symbols is left to ranlib.
import { Solo5Error } from "../../bytes/error.js";

const magic = "!<arch>\n";
const headerSize = 60;
const sizeField = { at: 48, length: 10 } as const;

const latin1 = new TextDecoder("latin1");

export const isArchive = (data: Uint8Array): boolean =>
  latin1.decode(data.subarray(0, magic.length)) === magic;

/** The archive with each member that is an object, not a table, as `change` gives it. Throws Solo5Error `BAD_ELF`. */
export function changeArchive(data: Uint8Array, change: (member: Uint8Array) => Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [data.subarray(0, magic.length)];
  for (let at = magic.length; at + headerSize <= data.length;) {
    const header = data.slice(at, at + headerSize);
    const text = latin1.decode(header);
    const size = Number(text.slice(sizeField.at, sizeField.at + sizeField.length));
    if (!Number.isInteger(size) || at + headerSize + size > data.length) {
      throw new Solo5Error("BAD_ELF", "the archive is cut short");
    }
    const member = data.subarray(at + headerSize, at + headerSize + size);
    const isIndex = /^\/(?:SYM64\/)? /.test(text);
    // The table of long names has a name of two slashes.
    const content = isIndex || text.startsWith("//") ? member : change(member);
    header.set(new TextEncoder().encode(String(content.length).padEnd(sizeField.length)), sizeField.at);
    // An index of offsets that no longer hold.
    if (!isIndex) parts.push(header, content, new Uint8Array(content.length % 2).fill(0x0a));
    at += headerSize + size + (size % 2);
  }
  return Buffer.concat(parts);
}
