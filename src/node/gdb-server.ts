// gdb's way in: a TCP socket around the protocol's core. One debugger at a time.
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createGdbServer, type GdbServerOptions } from "../debug/gdb/server.js";
import type { Controls, Instrument } from "../tender/instrument.js";
import { systemErrorMessage } from "./errno.js";

export interface GdbAddress {
  readonly address: string;
  readonly port: number;
}

/** Listens; `say` is told where. A guest whose server cannot listen ends with the reason. */
export function serveGdb(
  { address, port }: GdbAddress,
  options: GdbServerOptions,
  say: (line: string) => void,
  cleanup: (() => void)[],
): Instrument {
  const gdb = createGdbServer(options);
  let controls: Controls | undefined;
  let failure: string | undefined;
  let current: Socket | undefined;
  const fail = (): void => {
    if (failure !== undefined) controls?.stop({ status: 1, message: failure });
  };
  const server = createServer((socket) => {
    if (current !== undefined) {
      socket.destroy();
      return;
    }
    current = socket;
    socket.setNoDelay(true);
    gdb.connect((bytes) => socket.write(bytes));
    socket.on("data", (bytes) => gdb.receive(bytes));
    // What went wrong on the way is followed by `close`.
    socket.on("error", () => {});
    socket.on("close", () => {
      current = undefined;
      gdb.disconnect();
    });
  });
  server.on("error", (error) => {
    failure = `gdb: cannot listen on ${address}:${port}: ${systemErrorMessage(error)}`;
    fail();
  });
  server.listen(port, address, () => {
    const { address, port } = server.address() as AddressInfo;
    say(`gdb: waiting for a debugger at ${address}:${port}`);
  });
  cleanup.push(() => {
    server.close();
    current?.end();
  });
  return {
    ...gdb,
    session(session, given) {
      controls = given;
      fail();
      return gdb.session?.(session, given) ?? session;
    },
  };
}
