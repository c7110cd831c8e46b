// Watches descriptors for frames without blocking this thread: one worker for the whole process, started with the
// first descriptor and ended with the last.
import { closeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { Solo5Error } from "../../../bytes/error.js";
import { libc } from "../libc.js";
import { workerOptions } from "../../any/worker-options.js";
import { frameRingMemory, frameRingReader } from "./frame-ring.js";
import { socketPair } from "./socket-pair.js";
import type { FrameReader } from "./descriptor-device.js";

export type WorkerCommand =
  | { readonly op: "add"; readonly fd: number; readonly ring: SharedArrayBuffer }
  | { readonly op: "remove" | "resume" | "writable"; readonly fd: number }
  | { readonly op: "stop" };
/** `readable` is said once until the ring's reader acknowledges it. */
export interface WorkerReport {
  readonly fd: number;
  readonly event: "readable" | "writable" | "removed";
}

interface Watch {
  onReadable(): void;
  onWritable(): void;
}

const watches = new Map<number, Watch>();
/** Gives the worker a command; undefined where there is none. */
let command: ((command: WorkerCommand) => void) | undefined;

function start(): (command: WorkerCommand) => void {
  const [near, far] = socketPair();
  const worker = new Worker(new URL("./poll-worker.js", import.meta.url), {
    workerData: far,
    ...workerOptions,
  });
  worker.on("message", ({ fd, event }: WorkerReport) => {
    const watch = watches.get(fd);
    if (event === "readable") watch?.onReadable();
    else if (event === "writable") watch?.onWritable();
    else {
      watches.delete(fd);
      closeSync(fd);
      if (watches.size === 0) stop();
    }
  });
  // Without the thread no frame comes any more: that is this process's end, in the words of whoever reports it.
  worker.on("error", ({ message }) => {
    throw new Solo5Error("NET", `cannot wait for frames: ${message}`);
  });
  worker.on("exit", () => {
    closeSync(near);
    closeSync(far);
  });
  const wake = Uint8Array.of(1);
  return (message) => {
    worker.postMessage(message);
    libc().write(near, wake, wake.length);
  };
}

function stop(): void {
  command?.({ op: "stop" });
  command = undefined;
}

/** Reads the frames that come on `fd`, which must not block and belongs to the reader from now on. */
export function watchedReader(fd: number): FrameReader {
  const memory = frameRingMemory();
  const ring = frameRingReader(memory);
  let onReadable = (): void => {};
  let onWritable = (): void => {};
  watches.set(fd, {
    onReadable() {
      ring.acknowledge();
      onReadable();
    },
    onWritable: () => onWritable(),
  });
  const tell = (command ??= start());
  tell({ op: "add", fd, ring: memory });
  return {
    get readable() {
      return ring.readable;
    },
    read() {
      const frame = ring.read();
      if (ring.shouldResume()) tell({ op: "resume", fd });
      return frame;
    },
    onReadable: (listener) => void (onReadable = listener),
    onWritable(listener) {
      onWritable = listener;
      tell({ op: "writable", fd });
    },
    close: () => tell({ op: "remove", fd }),
  };
}
