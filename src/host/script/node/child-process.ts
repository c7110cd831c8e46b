// node:child_process, as far as src/oci goes: programs that are started, and waited for.
import { encodeText } from "../../../bytes/text.js";
import { viewOf } from "../../../bytes/struct.js";
import { Buffer } from "../buffer.js";
import { tryCall } from "../../linux/host-call.js";
import { nodeError, perform } from "../failure.js";
import { process } from "../process.js";
import { start, type Spawned } from "../start.js";
import { constants } from "./os.js";
import { closeSync, readSync, writeSync } from "./fs.js";

type Stdio = "inherit" | readonly number[];

export interface SpawnOptions {
  readonly argv0?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: Stdio;
}

/** `error` is undefined where it was started. */
export function spawn(
  file: string,
  options: SpawnOptions,
): { readonly pid: number | undefined; unref(): void; on(): void } {
  const { pid } = begin(file, [], options, Array.isArray(options.stdio) ? options.stdio : [0, 1, 2]);
  return { pid, unref() {}, on() {} };
}

const begin = (
  file: string,
  args: readonly string[],
  { argv0 = file, env = process.env }: SpawnOptions,
  descriptors: readonly number[],
): Spawned =>
  start({
    file,
    argv: [argv0, ...args],
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    path: env["PATH"] ?? process.env["PATH"] ?? "",
    descriptors,
  });

export interface SpawnSyncOptions extends SpawnOptions {
  readonly input?: string;
  readonly encoding?: "utf8";
  /** Milliseconds; it is killed then. */
  readonly timeout?: number | undefined;
  readonly killSignal?: string;
}

export interface SpawnSyncReturns {
  readonly error?: NodeJS.ErrnoException;
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function spawnSync(
  file: string,
  args: readonly string[],
  options: SpawnSyncOptions = {},
): SpawnSyncReturns {
  const { stdio, input = "", timeout } = options;
  if (stdio === "inherit") {
    const { pid, error } = begin(file, args, options, [0, 1, 2]);
    return pid === undefined ? failed(error) : { ...ended(pid), stdout: "", stderr: "" };
  }
  const [standardInput, standardOutput, standardError] = [pipe(), pipe(), pipe()];
  const far = [standardInput.read, standardOutput.write, standardError.write];
  const { pid, error } = begin(file, args, options, far);
  far.forEach(closeSync);
  const near = [standardInput.write, standardOutput.read, standardError.read] as const;
  if (pid === undefined) {
    near.forEach(closeSync);
    return failed(error);
  }
  const { texts, isLate, broken } = exchange(near, encodeText(input), timeout);
  if (isLate) tryCall("kill", pid, constants.signals["SIGKILL"] ?? 9);
  const result = { ...ended(pid), stdout: texts[0] ?? "", stderr: texts[1] ?? "" };
  if (isLate) return { ...result, error: nodeError(110, "spawnSync") };
  return broken === undefined ? result : { ...result, error: broken };
}

const failed = (error: NodeJS.ErrnoException | undefined): SpawnSyncReturns => ({
  ...(error === undefined ? {} : { error }),
  status: null,
  signal: null,
  stdout: "",
  stderr: "",
});

function pipe(): { readonly read: number; readonly write: number } {
  const both = new Uint8Array(8);
  const closeOnExec = 0x80000;
  perform(undefined, "pipe2", both, closeOnExec);
  return { read: viewOf(both).getInt32(0, true), write: viewOf(both).getInt32(4, true) };
}

interface Exchanged {
  readonly texts: readonly string[];
  readonly isLate: boolean;
  readonly broken: NodeJS.ErrnoException | undefined;
}

/** Gives it its input and takes what it says on both, until it has closed them. */
function exchange(
  [input, ...outputs]: readonly [number, number, number],
  data: Uint8Array,
  timeout: number | undefined,
): Exchanged {
  const parts = outputs.map((): Uint8Array[] => []);
  const end = timeout === undefined ? undefined : Date.now() + timeout;
  let broken: NodeJS.ErrnoException | undefined;
  let isLate = false;
  const open = new Map<number, () => void>();
  const close = (fd: number): void => {
    open.delete(fd);
    closeSync(fd);
  };
  let written = 0;
  const give = (): void => {
    try {
      // A pipe that poll calls writable takes so many without waiting.
      const atomic = 4096;
      written += writeSync(input, data, written, Math.min(atomic, data.length - written));
    } catch (error) {
      broken = error as NodeJS.ErrnoException;
    }
    if (written === data.length || broken !== undefined) close(input);
  };
  open.set(input, give);
  outputs.forEach((fd, i) =>
    open.set(fd, () => {
      const part = new Uint8Array(65_536);
      const size = readSync(fd, part);
      if (size === 0) close(fd);
      else parts[i]?.push(part.subarray(0, size));
    }),
  );
  if (data.length === 0) close(input);
  while (open.size > 0 && !isLate) {
    for (const fd of ready([...open.keys()], input, end)) open.get(fd)?.();
    isLate = end !== undefined && Date.now() >= end;
  }
  for (const fd of open.keys()) closeSync(fd);
  return { texts: parts.map((each) => Buffer.concat(each).toString()), isLate, broken };
}

/** Descriptors that something can be done with; none where `end` has come. */
function ready(descriptors: readonly number[], written: number, end: number | undefined): readonly number[] {
  const event = { read: 1, write: 4 } as const;
  const table = new Uint8Array(8 * descriptors.length);
  const view = viewOf(table);
  descriptors.forEach((fd, i) => {
    view.setInt32(8 * i, fd, true);
    view.setInt16(8 * i + 4, fd === written ? event.write : event.read, true);
  });
  const left = end === undefined ? 0 : Math.max(0, end - Date.now());
  const timespec = new Uint8Array(16);
  viewOf(timespec).setBigInt64(0, BigInt(Math.floor(left / 1000)), true);
  viewOf(timespec).setBigInt64(8, BigInt(Math.ceil(left % 1000) * 1_000_000), true);
  perform(undefined, "ppoll", table, descriptors.length, end === undefined ? 0 : timespec, 0, 8);
  return descriptors.filter((_, i) => view.getInt16(8 * i + 6, true) !== 0);
}

function ended(pid: number): { readonly status: number | null; readonly signal: string | null } {
  const word = new Uint8Array(4);
  perform(undefined, "wait4", pid, word, 0, 0);
  const status = viewOf(word).getInt32(0, true);
  const number = status & 0x7f;
  if (number === 0) return { status: (status >> 8) & 0xff, signal: null };
  const name = Object.keys(constants.signals).find((one) => constants.signals[one] === number);
  return { status: null, signal: name ?? `signal ${number}` };
}
