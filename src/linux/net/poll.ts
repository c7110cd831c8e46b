// Watches descriptors for frames without blocking this thread: one worker for the whole process, started with the
// first descriptor and ended with the last.
import { closeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { libc } from "../libc.js";
import { workerOptions } from "../worker-options.js";
import { socketPair } from "./socket-pair.js";

export type WorkerCommand = { readonly op: "add" | "remove"; readonly fd: number } | { readonly op: "stop" };
export type WorkerReport =
  | { readonly fd: number; readonly frames: readonly Uint8Array[] }
  | { readonly fd: number; readonly removed: true };

interface Watcher {
  command(command: WorkerCommand): void;
}
interface Watch {
  readonly onFrames: (frames: readonly Uint8Array[]) => void;
  readonly onRemoved: () => void;
}

const watches = new Map<number, Watch>();
let watcher: Watcher | undefined;

function start(): Watcher {
  const [near, far] = socketPair();
  const worker = new Worker(new URL("./poll-worker.js", import.meta.url), {
    workerData: far,
    ...workerOptions,
  });
  worker.on("message", (report: WorkerReport) => {
    const watch = watches.get(report.fd);
    if ("frames" in report) {
      watch?.onFrames(report.frames);
      return;
    }
    watches.delete(report.fd);
    watch?.onRemoved();
    if (watches.size === 0) stop();
  });
  worker.on("exit", () => {
    closeSync(near);
    closeSync(far);
  });
  const command = (message: WorkerCommand): void => {
    worker.postMessage(message);
    libc().write(near, Uint8Array.of(1), 1);
  };
  return { command };
}

function stop(): void {
  watcher?.command({ op: "stop" });
  watcher = undefined;
}

/** Calls `onFrames` with the frames that come on `fd`, which must not block. Returns what ends it and closes `fd`. */
export function watch(fd: number, onFrames: (frames: readonly Uint8Array[]) => void): () => void {
  watches.set(fd, { onFrames, onRemoved: () => closeSync(fd) });
  watcher ??= start();
  const { command } = watcher;
  command({ op: "add", fd });
  return () => command({ op: "remove", fd });
}
