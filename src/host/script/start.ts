// Starts a program: a child that takes its descriptors and becomes the program, or says through a pipe why it cannot. fork(2), execve(2).
import { encodeText, withNul } from "../../bytes/text.js";
import { viewOf } from "../../bytes/struct.js";
import { signal as signals, sigsetSize } from "../../abi/linux/syscalls.js";
import { tryCall } from "../linux/host-call.js";
import { addressOf } from "../linux/raw-call.js";
import { nodeError } from "./failure.js";

export interface Program {
  /** A path, or a name that is looked for in `path`. */
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly path: string;
  /** What it has as 0, 1, 2 and so on. */
  readonly descriptors: readonly number[];
}

export type Spawned =
  | { readonly pid: number; readonly error?: undefined }
  | { readonly pid?: undefined; readonly error: NodeJS.ErrnoException };

const closeOnExec = 0x80000;
const sigchld = 17;

export function start(program: Program): Spawned {
  const both = new Uint8Array(8);
  const made = tryCall("pipe2", both, closeOnExec);
  if (made < 0) return { error: nodeError(-made, "spawn", program.file) };
  const [read, write] = [viewOf(both).getInt32(0, true), viewOf(both).getInt32(4, true)];
  const pid = tryCall("clone", sigchld, 0, 0, 0, 0);
  if (pid === 0) become(program, write);
  tryCall("close", write);
  const word = new Uint8Array(4);
  const failed = pid > 0 && tryCall("read", read, word, word.length) === word.length;
  tryCall("close", read);
  if (!failed && pid > 0) return { pid };
  if (pid > 0) tryCall("wait4", pid, 0, 0, 0);
  return { error: nodeError(pid > 0 ? viewOf(word).getInt32(0, true) : -pid, "spawn", program.file) };
}

/** The child's part. */
function become({ descriptors, ...program }: Program, complaints: number): never {
  const duplicateOnExec = 1030;
  // None is in the place of another, so that none is lost.
  const first = descriptors.length;
  const moved = [...descriptors, complaints].map((fd) => tryCall("fcntl", fd, duplicateOnExec, first));
  descriptors.forEach((_, i) => tryCall("dup3", moved[i] ?? -1, i, 0));
  const markAll = 4;
  tryCall("close_range", first, 0xffff_ffff, markAll);
  setPipeSignal(0);
  const errno = -replace(program);
  const word = new Uint8Array(4);
  viewOf(word).setInt32(0, errno, true);
  tryCall("write", moved.at(-1) ?? -1, word, word.length);
  for (;;) tryCall("exit_group", 127);
}

/** SIGPIPE's action: 0 is the usual one, 1 ignores it. */
export function setPipeSignal(action: 0 | 1): void {
  const record = new Uint8Array(32);
  record[0] = action;
  tryCall("rt_sigaction", signals.pipe, record, 0, sigsetSize);
}

/** Becomes the program; -errno where that fails. */
export function replace({ file, argv, env, path }: Omit<Program, "descriptors">): number {
  const [held, table] = addresses(argv);
  const [heldEnv, envTable] = addresses(env);
  const places = file.includes("/") ? [file] : path.split(":").map((folder) => `${folder || "."}/${file}`);
  const [missing, denied] = [-2, -13];
  let result = missing;
  for (const place of places) {
    const failed = tryCall("execve", place, table, envTable);
    if (failed !== missing && failed !== denied) return failed;
    if (result === missing) result = failed;
  }
  // The words lie where the tables say until here.
  void [held, heldEnv];
  return result;
}

/** Words, and the table of their addresses with 0 at the end. */
function addresses(words: readonly string[]): readonly [readonly Uint8Array[], Uint8Array] {
  const held = words.map((word) => (word.includes("\0") ? encodeText(word) : withNul(word)));
  const table = new Uint8Array(8 * (held.length + 1));
  held.forEach((word, i) => viewOf(table).setBigUint64(8 * i, addressOf(word), true));
  return [held, table];
}
