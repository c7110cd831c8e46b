// Where translated code is kept between runs: a folder of the user's own with a file for each unikernel, checksum first.
// Nothing that goes wrong here is an error: the code is translated again. docs/RATIONALE.md, "Code from a cache".
import { hostPath } from "./path.js";
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
} from "node:fs";
import { readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { translatorVersion, unstamped } from "../../engine/portable/link/version.js";
import type { CodeCacheEntry } from "../../tender/code-cache.js";

/** What a folder may come to, in bytes; what was used longest ago goes first. */
const MAX_FOLDER = 256 << 20;
const MAX_FILE = 64 << 20;
const CHECKSUM = 32;
const SUFFIX = ".code";

/** What translated code depends on that is known before it runs. */
interface CodeKey {
  readonly unikernel: Uint8Array;
  readonly memoryBytes: number;
}

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The folder that `wanted` names (`none` is none), or SOLO5_CACHE does, or the user's own. XDG Base Directory 0.8. */
export function codeFolder(wanted: string | undefined): string | undefined {
  const { env, platform } = process;
  const named = wanted ?? env["SOLO5_CACHE"];
  if (named !== undefined && named !== "") return named === "none" ? undefined : named;
  const fits = (path: string | undefined): path is string => path !== undefined && isAbsolute(path);
  const own = { darwin: "Library/Caches", win32: "AppData/Local" }[platform as string] ?? ".cache";
  const [xdg, home] = [env["XDG_CACHE_HOME"], homeFolder()];
  const caches = fits(xdg) ? xdg : fits(home) ? join(home, own) : undefined;
  return caches === undefined ? undefined : join(caches, "solo5");
}

/** The user's; a user whom the system does not know has none. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** With what is missing above it. Node's own recursion never ends where there can be no folder, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(hostPath(folder))) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  mkdirSync(hostPath(folder), { mode: 0o700 });
}

/** What is kept in `folder` for a unikernel; undefined where nothing can be. */
export function codeCacheOf(
  folder: string | undefined,
  { unikernel, memoryBytes }: CodeKey,
  version = translatorVersion,
): CodeCacheEntry | undefined {
  if (folder === undefined || version === unstamped) return undefined;
  const name = sha256(`${version} plain ${memoryBytes}\n`, unikernel).toString("hex").slice(0, 40);
  const file = join(folder, name + SUFFIX);
  return {
    bytes: isOwn(folder) ? readKept(file) : undefined,
    async save(bytes) {
      try {
        makeFolder(folder);
        if (!isOwn(folder)) return;
        const temporary = `${file}.${process.pid}.tmp`;
        await writeFile(hostPath(temporary), Buffer.concat([sha256(bytes), bytes]), { mode: 0o600 });
        await rename(hostPath(temporary), hostPath(file));
        await prune(folder);
      } catch {
        // A full disk, a folder that cannot be written.
      }
    },
  };
}

/** Whether this user alone can have written there. */
function isOwn(path: string): boolean {
  try {
    return isOurs(lstatSync(hostPath(path)));
  } catch {
    return false;
  }
}

const isOurs = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);

function readKept(file: string): Uint8Array | undefined {
  try {
    const fd = openSync(
      hostPath(file),
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    try {
      const status = fstatSync(fd);
      if (!status.isFile() || status.size > MAX_FILE || !isOurs(status)) return undefined;
      const content = readFileSync(fd);
      const bytes = content.subarray(CHECKSUM);
      if (!sha256(bytes).equals(content.subarray(0, CHECKSUM))) return undefined;
      const now = new Date();
      void utimes(hostPath(file), now, now).catch(() => {});
      return bytes;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Removes what was used longest ago, and what a run that was killed left half written. */
async function prune(folder: string): Promise<void> {
  const names = (await readdir(hostPath(folder))).filter(
    (name) => name.endsWith(SUFFIX) || name.endsWith(".tmp"),
  );
  const files = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(hostPath(join(folder, name))).catch(() => ({
        size: 0,
        mtimeMs: 0,
      }));
      return { name, size, mtimeMs };
    }),
  );
  let total = 0;
  for (const { name, size, mtimeMs } of files.toSorted((a, b) => b.mtimeMs - a.mtimeMs)) {
    total += size;
    const isLeft = name.endsWith(".tmp") && mtimeMs < Date.now() - 60_000;
    if (total > MAX_FOLDER || isLeft) await rm(hostPath(join(folder, name)), { force: true });
  }
}
