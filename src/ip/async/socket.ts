// Connections by promises and async iterators: a thin layer over pull and callbacks, for programs that are written so.
import { Solo5Error } from "../../bytes/error.js";
import type { Stack } from "../stack.js";
import type { Connection } from "../tcp/connection.js";
import type { ConnectOptions } from "../tcp/connect.js";
import type { ListenOptions } from "../tcp/listen.js";
import type { Handlers, TcpError } from "../tcp/handlers.js";
import type { Endpoint } from "../udp.js";

export interface Socket extends AsyncIterable<Uint8Array> {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The next bytes, or undefined at the end. Rejects with Solo5Error `TCP` where the connection did not end in order. */
  read(): Promise<Uint8Array | undefined>;
  /** Sends data, which must not change afterwards; settles when more may be written. Rejects as `read` does. */
  write(data: Uint8Array): Promise<void>;
  /** Sends the end; reading goes on. */
  end(): void;
  /** Ends at once. */
  reset(): void;
  /** Settles when the connection is over; rejects as `read` does. */
  readonly closed: Promise<void>;
}

const said: Readonly<Record<TcpError, string>> = {
  refused: "connection refused",
  reset: "connection reset by the other end",
  timeout: "the other end does not answer",
  unreachable: "no way to the other end",
  aborted: "connection ended here",
};
const errorOf = (error: TcpError): Solo5Error => new Solo5Error("TCP", said[error]);

/** Resolves whoever waits, all at once. */
interface Signal {
  wait(): Promise<void>;
  fire(): void;
}
function createSignal(): Signal {
  let waiting: (() => void)[] = [];
  return {
    wait: () => new Promise((resolve) => waiting.push(resolve)),
    fire() {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
  };
}

/** `connection` belongs to the socket from now on. `opened` is told when it is established. */
export function createSocket(connection: Connection, opened: () => void = () => {}): Socket {
  const [readable, writable] = [createSignal(), createSignal()];
  let over = false;
  let settle: (error?: TcpError) => void = () => {};
  const closed = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(errorOf(error)));
  });
  // Who does not ask is not told.
  closed.catch(() => {});
  const handlers: Handlers = {
    opened,
    readable: readable.fire,
    writable: writable.fire,
    closed(error) {
      over = true;
      readable.fire();
      writable.fire();
      settle(error);
    },
  };
  connection.handlers = handlers;

  const socket: Socket = {
    local: connection.local,
    remote: connection.remote,
    closed,
    async read() {
      for (;;) {
        const data = connection.read();
        if (data !== undefined) return data;
        if (connection.error !== undefined) throw errorOf(connection.error);
        if (connection.ended || over) return undefined;
        await readable.wait();
      }
    },
    async write(data) {
      if (over) throw errorOf(connection.error ?? "aborted");
      if (!connection.write(data)) await writable.wait();
      if (connection.error !== undefined) throw errorOf(connection.error);
    },
    end: () => connection.end(),
    reset: () => connection.reset(),
    async *[Symbol.asyncIterator]() {
      try {
        for (let data; (data = await socket.read()) !== undefined;) yield data;
      } finally {
        // Who leaves the loop early reads no more.
        if (!connection.ended && !over) connection.reset();
      }
    },
  };
  return socket;
}

/** Settles when the connection is established. Rejects with Solo5Error `TCP`, `NO_ROUTE`, `PORT`, `LIMIT`. */
export function connectSocket(stack: Stack, options: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(stack.tcp.connect(options, {}), () => resolve(socket));
    socket.closed.catch(reject);
  });
}

export interface SocketListener extends AsyncIterable<Socket> {
  close(): void;
}

/** Connections as they come. Those that nobody takes wait, at most `waitingMax`, then they are reset. */
export function listenSockets(stack: Stack, options: ListenOptions, waitingMax = 128): SocketListener {
  const waiting: Socket[] = [];
  const came = createSignal();
  let open = true;
  const listener = stack.tcp.listen(options, (connection) => {
    const socket = createSocket(connection);
    if (waiting.length >= waitingMax) socket.reset();
    else waiting.push(socket);
    came.fire();
  });
  const close = (): void => {
    open = false;
    listener.close();
    came.fire();
  };
  return {
    close,
    async *[Symbol.asyncIterator]() {
      try {
        while (open || waiting.length > 0) {
          const socket = waiting.shift();
          if (socket === undefined) await came.wait();
          else yield socket;
        }
      } finally {
        close();
      }
    },
  };
}
