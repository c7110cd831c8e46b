// A snapshot: what a unikernel that stands still is beside its memory, as one versioned piece of data. Each owner of state gives its
// part; the same bytes go to a file and to the history of a debugger.
import type { Plain } from "../bytes/plain.js";
import { Solo5Error } from "../bytes/error.js";
import { BadData, decodePlain, encodePlain } from "./cbor.js";

/** Changes with whatever an owner calls its state: what was saved by another version is refused. */
export const snapshotVersion = 1;

const magic = "solo5 snapshot";

export type SnapshotParts = Readonly<Record<string, Plain>>;

export const encodeSnapshot = (parts: SnapshotParts): Uint8Array =>
  encodePlain([magic, snapshotVersion, parts]);

/** Throws Solo5Error `SNAPSHOT`, whose message calls the snapshot `name`. */
export function decodeSnapshot(data: Uint8Array, name: string): SnapshotParts {
  const bad = (reason: string, cause?: unknown): Solo5Error =>
    new Solo5Error("SNAPSHOT", `${name}: ${reason}`, cause === undefined ? {} : { cause });
  let value: Plain;
  try {
    value = decodePlain(data);
  } catch (cause) {
    if (cause instanceof BadData) throw bad(`damaged, or no snapshot: ${cause.message}`, cause);
    throw cause;
  }
  const [word, version, parts] = Array.isArray(value) ? (value as readonly Plain[]) : [];
  if (word !== magic || parts === null || typeof parts !== "object") throw bad("not a snapshot");
  if (version !== snapshotVersion)
    throw bad(`a snapshot of version ${String(version)}, and this is ${snapshotVersion}: take it anew`);
  return parts as SnapshotParts;
}
