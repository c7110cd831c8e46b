// File names are bytes, and what is no UTF-8 among them needs a name of bytes with Node.
import { encodeText, hasStrayBytes } from "../../bytes/text.js";

/** `path` as Node's functions take it, with the bytes that it was given with. */
export const hostPath = (path: string): string | Buffer =>
  hasStrayBytes(path) ? Buffer.from(encodeText(path)) : path;
