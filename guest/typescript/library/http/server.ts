// solo5:http serve: HTTP/1.1 with connections that are kept, bodies as streams, and bounds on all that a client may send.
import { clearTimeout, setInterval, turnTime } from "../loop";
import { listen } from "../tcp";
import { declareNetwork, defaultDevice } from "../ip";
import { Session, type Bounds, type Handler } from "./session";

export interface ServeOptions {
  readonly port?: number;
  readonly address?: string;
  readonly device?: string;
  /** Bytes of a request's first line and headers. */
  readonly maxHeadBytes?: number;
  readonly maxBodyBytes?: number;
  /** That a client may take for a head, and for each part of a body. */
  readonly timeoutMsecs?: number;
  /** That a connection is kept without a request. */
  readonly keepAliveMsecs?: number;
  readonly maxConnections?: number;
}

const defaults: Bounds = {
  port: 80,
  maxHeadBytes: 16_384,
  maxBodyBytes: 16 << 20,
  timeoutMsecs: 20_000,
  keepAliveMsecs: 60_000,
  maxConnections: 1024,
};

const open = new Set<Session>();
let sweeper: number | undefined;

function sweep(): void {
  const now = turnTime();
  for (const session of open) if (session.until < now) session.expire();
  if (open.size > 0) return;
  clearTimeout(sweeper);
  sweeper = undefined;
}

/** Serves until the program ends, or `close` is called. */
export function serve(options: ServeOptions, handler: Handler): { close(): void; readonly port: number };
export function serve(handler: Handler): { close(): void; readonly port: number };
export function serve(
  given: ServeOptions | Handler,
  then?: Handler,
): { close(): void; readonly port: number } {
  const options = typeof given === "function" ? {} : given;
  const handler = typeof given === "function" ? given : then;
  if (typeof handler !== "function") throw new TypeError("serve needs a function that answers requests");
  const device = options.device ?? defaultDevice;
  const bounds: Bounds = { ...defaults, ...options };
  declareNetwork(device);
  return listen(
    { port: bounds.port, device, ...(options.address === undefined ? {} : { address: options.address }) },
    (connection) => {
      if (open.size >= bounds.maxConnections) return connection.reset();
      sweeper ??= setInterval(sweep, 1000);
      new Session(connection, handler, bounds, open).serve();
    },
  );
}
