// A segment that several processes share, QEMU among them: who comes first listens at its address, all others connect there, and
// when that process has gone, one of them takes its place.
import { statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { NetDevice } from "../../net/contract.js";
import { createFrameReader, frameLength } from "../../net/frame-stream.js";
import type { LinkSegment } from "../../net/segments.js";

/** Milliseconds before the address is tried again: others may be about to take it. */
const retryMsecs = 50;
const checkMsecs = 300;
/** As much goes out together. */
const batchBytes = 0x1_0000;

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/** What waits at `port`, for one call to the system. */
function framesOf(port: NetDevice): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let frame; size < batchBytes && (frame = port.read()) !== undefined;) {
    const length = frameLength(frame.length);
    parts.push(length, frame);
    size += length.length + frame.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Moves frames between a port and a socket, as fast as the socket takes them. */
function pump(port: NetDevice, socket: Socket): void {
  const move = (): void => {
    while (!socket.writableNeedDrain && port.readable) socket.write(framesOf(port));
  };
  const reader = createFrameReader((frame) => void port.write(frame));
  port.onReadable(move);
  socket.on("drain", move);
  socket.on("data", (bytes: Uint8Array) => {
    if (!reader.push(bytes)) socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => port.close());
  socket.setNoDelay(true);
}

/** Joins `segment` to those of other processes. `failed` gets the error that keeps it from that for good. */
export const linkSegment: LinkSegment = (segment, address, failed) => {
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
      pump(segment.port(), socket);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (isJoined || isClosed) return;
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") listen(error.code === "ECONNREFUSED");
      else failed(error);
    });
    socket.on("close", () => {
      if (isJoined) again();
    });
  };
  const again = (): void => {
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
      pump(segment.port(), socket);
    });
    own.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") again();
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
};
