// A segment that several processes share, QEMU among them: who comes first listens at its address, all others connect there, and
// when that process has gone, one of them takes its place.
import { statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Solo5Error } from "../../bytes/error.js";
import type { NetDevice } from "../../net/contract.js";
import type { Segment } from "../../net/segment.js";
import type { StreamAddress } from "../../net/source.js";
import { readKey } from "./frame-code.js";
import { keyedStream, plainStream, type FrameStream } from "./keyed-stream.js";

/** Milliseconds before the address is tried again: others may be about to take it. */
const retryMsecs = 50;
const checkMsecs = 300;
/** What keeps from another machine, but not for good. */
const passing: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
]);
/** As much goes out together. */
const batchBytes = 0x1_0000;

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/** What waits at `port`, for one call to the system. */
function framesOf(port: NetDevice, stream: FrameStream): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let frame; size < batchBytes && (frame = port.read()) !== undefined;) {
    parts.push(...stream.encode(frame));
    size += frame.length;
  }
  return Buffer.concat(parts);
}

/** Moves frames between a port and a socket, as fast as the socket takes them. `refused`: the other side has another key. */
function pump(port: NetDevice, socket: Socket, key: Uint8Array | undefined, refused: () => void): void {
  const receive = (frame: Uint8Array): void => void port.write(frame);
  const stream =
    key === undefined ? plainStream(receive) : keyedStream(key, receive, (bytes) => socket.write(bytes));
  const move = (): void => {
    while (stream.isReady && !socket.writableNeedDrain && port.readable) socket.write(framesOf(port, stream));
  };
  if (stream.greeting.length > 0) socket.write(stream.greeting);
  port.onReadable(move);
  socket.on("drain", move);
  socket.on("data", (bytes: Uint8Array) => {
    const outcome = stream.push(bytes);
    if (outcome === "taken") return move();
    if (outcome === "refused") refused();
    socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => port.close());
  socket.setNoDelay(true);
}

/** Joins `segment` to those of other processes. `failed` gets the error that keeps it from that for good. */
export function linkStream(
  segment: Segment,
  address: StreamAddress,
  failed: (error: Error) => void,
): { close(): void } {
  const key = "path" in address || address.keyFile === undefined ? undefined : readKey(address.keyFile);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  };

  const join = (): void => {
    if (isClosed) return;
    const socket = connect(address);
    keep(socket);
    let isJoined = false;
    socket.on("connect", () => {
      isJoined = true;
      pump(segment.port(), socket, key, () =>
        failed(new Solo5Error("NET", "who listens there has another key")),
      );
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (isJoined || isClosed) return;
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") listen(error.code === "ECONNREFUSED");
      else if (passing.has(error.code ?? "")) again();
      else failed(error);
    });
    socket.on("close", () => {
      if (isJoined) again();
    });
  };
  const again = (): void => {
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(join, retryMsecs * (1 + Math.random()));
  };
  /** Two may have found the same stale socket, and the second removed the first one's: who has lost its address joins the other. */
  const checkOurs = (inode: number | undefined): void => {
    if (isClosed || !("path" in address) || inodeOf(address.path) === inode) return;
    server?.close();
    for (const socket of sockets) socket.destroy();
    again();
  };
  /** `isStale`: there is a UNIX socket that nobody listens at. */
  const listen = (isStale: boolean): void => {
    if (isStale && "path" in address) {
      try {
        unlinkSync(address.path);
      } catch {
        // Another has been faster.
      }
    }
    const own = createServer((socket) => {
      keep(socket);
      // Who has another key is not let in; those who have it stay.
      pump(segment.port(), socket, key, () => {});
    });
    own.on("error", (error: NodeJS.ErrnoException) => {
      // The address may be another machine's, where nobody listens yet.
      if (error.code === "EADDRINUSE" || error.code === "EADDRNOTAVAIL") again();
      else failed(error);
    });
    own.listen(address, () => {
      if ("path" in address) timer = setTimeout(checkOurs, checkMsecs, inodeOf(address.path));
    });
    server = own;
  };
  join();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      server?.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
