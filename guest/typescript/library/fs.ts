// solo5:fs: the read-only tree of files that the build was given.

let tree: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map();

/** The build's: names with `/` between folders, contents in base64. */
export function useFiles(files: Readonly<Record<string, string>>): void {
  const entries = Object.entries(files).map(([path, text]) => {
    const binary = atob(text);
    return [normalize(path), Uint8Array.from(binary, (char) => char.charCodeAt(0))] as const;
  });
  tree = new Map(entries);
}

declare function atob(text: string): string;

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

export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const found = tree.get(normalize(path));
  if (found === undefined) throw missing(path);
  return found.slice();
}

export async function readTextFile(path: string): Promise<string> {
  return new TextDecoder().decode(await readFile(path));
}

export async function readDir(path = "."): Promise<string[]> {
  const prefix = normalize(path);
  const names = new Set<string>();
  for (const name of tree.keys()) {
    if (prefix !== "" && !name.startsWith(`${prefix}/`)) continue;
    names.add((prefix === "" ? name : name.slice(prefix.length + 1)).split("/")[0] ?? "");
  }
  if (names.size === 0 && prefix !== "") throw missing(path);
  return [...names].toSorted();
}

export async function exists(path: string): Promise<boolean> {
  const name = normalize(path);
  return name === "" || tree.has(name) || [...tree.keys()].some((each) => each.startsWith(`${name}/`));
}

declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };
