// Writes an initramfs: a cpio archive of the "newc" format. Linux, Documentation/driver-api/early-userspace/buffer-format.rst.

export interface Entry {
  /** Without a leading slash. */
  readonly path: string;
  /** What a file holds, or where a link points; a folder has none. */
  readonly content?: Uint8Array | { readonly link: string };
}

const kind = { folder: 0o040755, file: 0o100755, link: 0o120777 } as const;
const padded = (size: number): number => Math.ceil(size / 4) * 4;

function* parts(path: string, mode: number, content: Uint8Array, ino: number): Generator<Uint8Array> {
  const name = new TextEncoder().encode(`${path}\0`);
  const fields = [ino, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const head = new Uint8Array(padded(header.length + name.length));
  head.set(new TextEncoder().encode(header));
  head.set(name, header.length);
  yield head;
  yield content;
  yield new Uint8Array(padded(content.length) - content.length);
}

/** The archive in pieces. Folders of the paths are made. */
export function* cpio(entries: readonly Entry[]): Generator<Uint8Array> {
  const folders = new Set<string>();
  for (const { path } of entries) {
    const names = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) folders.add(names.slice(0, depth).join("/"));
  }
  let ino = 1;
  const none = new Uint8Array();
  for (const folder of folders) yield* parts(folder, kind.folder, none, ino++);
  for (const { path, content } of entries) {
    if (content === undefined) yield* parts(path, kind.folder, none, ino++);
    else if (content instanceof Uint8Array) yield* parts(path, kind.file, content, ino++);
    else yield* parts(path, kind.link, new TextEncoder().encode(content.link), ino++);
  }
  yield* parts("TRAILER!!!", 0, none, 0);
}
