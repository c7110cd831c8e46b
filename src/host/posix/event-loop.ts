// The event loop of Node's main thread as the kernel sees it: whoever blocks that thread learns when the loop has something to do.
// libuv has these functions for programs that wait for more than it knows of; Node exports them.
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";
import { libc } from "./libc.js";
import { streamPair } from "./net/socket-pair.js";

export interface EventLoop {
  /** Readable when the loop has something to do. */
  readonly fd: number;
  /**
   * Resolves after everything else has had its turn, in the callback of a descriptor: there, and only until the next promise, whatever
   * is left for the loop to do shows in `fd` and `timeout`.
   */
  turn(): Promise<void>;
  /** Nanoseconds until the loop has something to do in any case; undefined for never. */
  timeout(): bigint | undefined;
  /** Whether the loop goes on although nothing else keeps it. */
  keep(isKept: boolean): void;
}

let found: EventLoop | undefined | "not yet" = "not yet";

/** Undefined in other threads, and where Node does not export what this takes. */
export const eventLoop = (): EventLoop | undefined => (found === "not yet" ? (found = find()) : found);

function find(): EventLoop | undefined {
  // Electron runs more than this loop in its main thread.
  if (!isMainThread || "electron" in process.versions) return undefined;
  try {
    const c = libc();
    const loop = c.uv_default_loop();
    const fd = c.uv_backend_fd(loop);
    const [near, far] = streamPair();
    let resolve = (): void => {};
    const onread = {
      buffer: new Uint8Array(1),
      callback() {
        resolve();
        return true;
      },
    };
    // Inside an immediate or a timer libuv does not know yet when the next ones are due; a message of another thread may stand before
    // others, of which nothing can be seen.
    const options = { fd: near, onread };
    const socket = new Socket(options);
    socket.unref();
    return {
      fd,
      turn: () =>
        new Promise((done) => {
          resolve = done;
          c.write(far, oneByte, oneByte.length);
        }),
      timeout() {
        c.uv_update_time(loop);
        const msecs = c.uv_backend_timeout(loop);
        return msecs < 0 ? undefined : BigInt(msecs) * 1_000_000n;
      },
      keep: (isKept) => void (isKept ? socket.ref() : socket.unref()),
    };
  } catch {
    return undefined;
  }
}

const oneByte = Uint8Array.of(0);
