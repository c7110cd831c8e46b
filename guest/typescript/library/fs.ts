// solo5:fs: read-only trees of files: the one that the build was given, and tar archives on block devices.
import { open } from "./block";
import { TextDecoder } from "./encoding";
import { readTar } from "./tar";

type Contents = () => Promise<Uint8Array<ArrayBuffer>>;
type Files = ReadonlyMap<string, Contents>;

const normalize = (path: string): string => {
  const parts: string[] = [];
  for (const part of String(path).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
};

const missing = (path: string): Error =>
  Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });

/** `files` is asked for at every call. */
function createTree(files: () => Promise<Files>) {
  async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const found = (await files()).get(normalize(path));
    if (found === undefined) throw missing(path);
    return found();
  }
  return {
    readFile,
    async readTextFile(path: string): Promise<string> {
      return new TextDecoder().decode(await readFile(path));
    },
    async readDir(path = "."): Promise<string[]> {
      const prefix = normalize(path);
      const names = new Set<string>();
      for (const name of (await files()).keys()) {
        if (prefix !== "" && !name.startsWith(`${prefix}/`)) continue;
        names.add((prefix === "" ? name : name.slice(prefix.length + 1)).split("/")[0] ?? "");
      }
      if (names.size === 0 && prefix !== "") throw missing(path);
      return [...names].toSorted();
    },
    async exists(path: string): Promise<boolean> {
      const name = normalize(path);
      const all = await files();
      return name === "" || all.has(name) || [...all.keys()].some((each) => each.startsWith(`${name}/`));
    },
  };
}

let built: Files = new Map();

/** The build's: names with `/` between folders, contents in base64. */
export function useFiles(files: Readonly<Record<string, string>>): void {
  const entries = Object.entries(files).map(([path, text]) => {
    const binary = atob(text);
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return [normalize(path), async () => bytes.slice()] as const;
  });
  built = new Map(entries);
}

declare function atob(text: string): string;

export const { readFile, readTextFile, readDir, exists } = createTree(async () => built);

/** The tree of a tar archive on a block device, which is declared as solo5:block has it. */
export function mount(name: string) {
  const device = open(name);
  const readAt = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (length === 0) return new Uint8Array(0);
    const { blockSize } = device;
    const first = Math.floor(offset / blockSize);
    const data = await device.read(first, Math.ceil((offset + length) / blockSize) - first);
    return data.slice(offset - first * blockSize, offset - first * blockSize + length);
  };
  let files: Promise<Files> | undefined;
  const read = async (): Promise<Files> => {
    const members = await readTar(readAt, device.capacity).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}`);
    });
    return new Map(members.map(({ path, offset, size }) => [normalize(path), () => readAt(offset, size)]));
  };
  return createTree(() => (files ??= read()));
}
