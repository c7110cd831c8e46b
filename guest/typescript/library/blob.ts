// Blob and File: File API 3 and 4.
import { TextDecoder, viewOf, encodeText } from "./encoding";

type Part = string | ArrayBuffer | ArrayBufferView | Blob;

/** What a blob holds, without a copy. */
export let blobBytes: (blob: Blob) => Uint8Array<ArrayBuffer>;

export class Blob {
  readonly type: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  static {
    blobBytes = (blob) => blob.#bytes;
  }

  constructor(parts: Iterable<Part> = [], { type = "" } = {}) {
    const all = Array.from(parts, (part) =>
      part instanceof Blob
        ? part.#bytes
        : part instanceof ArrayBuffer || ArrayBuffer.isView(part)
          ? viewOf(part)
          : encodeText(String(part)),
    );
    this.type = /[^\x20-\x7e]/.test(type) ? "" : String(type).toLowerCase();
    this.#bytes = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of all) {
      this.#bytes.set(part, at);
      at += part.length;
    }
  }

  get size(): number {
    return this.#bytes.length;
  }

  slice(start = 0, end = this.size, type = ""): Blob {
    return new Blob([this.#bytes.slice(start, end)], { type });
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes.slice();
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(this.#bytes);
  }
}

export class File extends Blob {
  readonly name: string;
  readonly lastModified: number;

  constructor(
    parts: Iterable<Part>,
    name: string,
    { type = "", lastModified }: { type?: string; lastModified?: number } = {},
  ) {
    super(parts, { type });
    this.name = String(name);
    this.lastModified = lastModified ?? Date.now();
  }
}
