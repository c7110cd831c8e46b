// What the container is to run: a unikernel is a file with Solo5's note. An image says so by what it has, not by what it is called.
import { isAbsolute, join } from "node:path";
import { noteName, noteType } from "../abi/notes.js";
import { readElf } from "../image/elf.js";
import { readUnikernel, type Unikernel } from "../image/unikernel.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";
import { readInRoot } from "./rootfs.js";

/** Undefined where the file is none of Solo5's. Throws Solo5Error for one that is, but damaged, and where there is no file. */
export function findUnikernel({ process }: Config, rootfs: string): Unikernel | undefined {
  const [name = ""] = process.args;
  let reason = "No such file or directory";
  for (const path of places(name, process.cwd, process.env ?? [])) {
    const read = readInRoot(rootfs, path);
    if ("data" in read) return isUnikernel(read.data, path) ? readUnikernel(read.data, path) : undefined;
    ({ reason } = read);
    if (!reason.startsWith("No such")) break;
  }
  throw configError("process.args", `${name}: ${reason}`);
}

/** Names with a slash are paths; others are looked for where PATH says, then beside the working folder. */
function places(name: string, cwd: string, env: readonly string[]): readonly string[] {
  if (isAbsolute(name)) return [name];
  if (name.includes("/")) return [join(cwd, name)];
  const path = env.findLast((one) => one.startsWith("PATH="))?.slice(5) ?? "";
  return [...path.split(":").filter(isAbsolute), cwd, "/"].map((folder) => join(folder, name));
}

/** Whether a file is an executable with a note of Solo5's; whether that makes sense is a further question. */
function isUnikernel(data: Uint8Array, path: string): boolean {
  try {
    return readElf(data, path).notes.some(
      ({ name, type }) => name === noteName && (type === noteType.abi1 || type === noteType.mft1),
    );
  } catch {
    return false;
  }
}
