// TCP sockets of Node's as networks without root use them: half-closed, reset and paused as the other side is.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Solo5Error } from "../../bytes/error.js";
import { formatAddress, parseAddress } from "../../ip/address.js";
import type { ConnectionError, Endpoint, HostSockets, TcpEvents, TcpSocket } from "../../net/user/sockets.js";

const errors: Readonly<Record<string, ConnectionError>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  ECONNRESET: "reset",
  EPIPE: "reset",
  EACCES: "denied",
  EPERM: "denied",
};

const errorOf = ({ code = "" }: NodeJS.ErrnoException): ConnectionError => errors[code] ?? "unreachable";

/** Where a socket says what has happened to it. */
function tell(socket: Socket, events: TcpEvents): void {
  let error: ConnectionError | undefined;
  socket.on("data", (bytes: Uint8Array) => events.data(bytes));
  socket.on("end", () => events.ended());
  socket.on("drain", () => events.drained());
  socket.on("error", (cause: NodeJS.ErrnoException) => (error ??= errorOf(cause)));
  socket.on("close", () => events.closed(error));
}

/** What is written in one turn goes out as one call to the system. */
function write(socket: Socket, bytes: Uint8Array): boolean {
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  return socket.write(bytes);
}

const tcpSocket = (socket: Socket): TcpSocket => ({
  write: (bytes) => write(socket, bytes),
  end: () => void socket.end(),
  pause: () => void socket.pause(),
  resume: () => void socket.resume(),
  reset: () => void socket.resetAndDestroy(),
});

export const connectTcp: HostSockets["connect"] = ({ address, port }, events) => {
  const socket = connect({ host: formatAddress(address), port, allowHalfOpen: true, noDelay: true });
  socket.on("connect", () => events.connected());
  tell(socket, events);
  return tcpSocket(socket);
};

export const endpointOf = ({ address, port }: Pick<AddressInfo, "address" | "port">): Endpoint => ({
  // An interface's name may follow.
  address: parseAddress(address.replace(/%.*$/, "")),
  port,
});

/** `127.0.0.1:80`, `[::1]:80`. */
export const formatEndpoint = ({ address, port }: Endpoint): string =>
  address.length === 4 ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`;

/** What an address that cannot be listened on comes to. */
export const cannotListen = (protocol: string, at: Endpoint, why: string, cause: unknown): Solo5Error =>
  new Solo5Error("NET", `cannot listen on ${protocol} ${formatEndpoint(at)}: ${why}`, { cause });

/** As many may come at once as the kernel lets wait. */
const backlog = 4096;

export const listenTcp =
  (reason: (cause: unknown) => string): HostSockets["listen"] =>
  (at, accept) =>
    new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        tell(socket, accept(tcpSocket(socket)));
      });
      server.on("error", (cause) => reject(cannotListen("tcp", at, reason(cause), cause)));
      server.listen({ host: formatAddress(at.address), port: at.port, backlog }, () => {
        resolve({ at: endpointOf(server.address() as AddressInfo), close: () => void server.close() });
      });
    });
