// gdb's way in: a TCP socket around the protocol's core. One debugger at a time.
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Cleanup } from "../../bytes/cleanup.js";
import { createGdbServer, type GdbServer, type GdbServerOptions } from "../../debug/gdb/server.js";
import type { Controls, DebuggedVcpu, Instrument } from "../../tender/instrument.js";
import { systemErrorMessage } from "./system-error.js";

export interface GdbAddress {
  readonly address: string;
  readonly port: number;
}

/** What a debugger speaks with. */
type GdbEnd = Pick<GdbServer, "connect" | "receive" | "disconnect">;

export interface GdbListener {
  /** Takes a line for the user: where it listens. */
  say(line: string): void;
  /** It cannot listen, for a reason. */
  failed(reason: string): void;
}

/** Listens, and brings one debugger after the other to `gdb`. */
export function listenForGdb(
  { address, port }: GdbAddress,
  gdb: GdbEnd,
  { say, failed }: GdbListener,
  cleanup: Cleanup,
): void {
  let current: Socket | undefined;
  const server = createServer((socket) => {
    if (current !== undefined) {
      socket.destroy();
      return;
    }
    current = socket;
    socket.setNoDelay(true);
    gdb.connect(
      (bytes) => socket.write(bytes),
      () => socket.destroySoon(),
    );
    socket.on("data", (bytes) => gdb.receive(bytes));
    // What went wrong on the way is followed by `close`.
    socket.on("error", () => {});
    socket.on("close", () => {
      current = undefined;
      gdb.disconnect();
    });
  });
  server.on("error", (error: NodeJS.ErrnoException) => {
    const why = error.syscall === "getaddrinfo" ? "there is no such address" : systemErrorMessage(error);
    failed(`gdb: cannot listen on ${address}:${port}: ${why}`);
  });
  server.listen(port, address, () => {
    const { address, port } = server.address() as AddressInfo;
    say(`gdb: waiting for a debugger at ${address}:${port}`);
  });
  cleanup.push(() => {
    server.close();
    // Even where the other end stays open.
    current?.destroySoon();
  });
}

/** A server that listens; `say` is told where. A guest whose server cannot listen ends with the reason. */
export function serveGdb(
  where: GdbAddress,
  options: GdbServerOptions,
  say: (line: string) => void,
  cleanup: Cleanup,
): Instrument<DebuggedVcpu> {
  const gdb = createGdbServer(options);
  let controls: Controls<DebuggedVcpu> | undefined;
  let failure: string | undefined;
  const failed = (reason: string | undefined): void => {
    failure = reason;
    if (reason !== undefined) controls?.stop({ status: 1, message: reason });
  };
  listenForGdb(where, gdb, { say, failed }, cleanup);
  return {
    hold: () => gdb.hold(),
    ended: (outcome) => gdb.ended(outcome),
    session(session, given) {
      controls = given;
      failed(failure);
      return gdb.session(session, given);
    },
  };
}
