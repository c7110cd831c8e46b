// The unikernel's TCP connections by sockets of the host's, whatever their destination: each ends in this process and goes on as
// the host's (RFC 5382). And the host's ports that lead to the unikernel's.
import type { Solo5Error } from "../../bytes/error.js";
import type { Address, Connection, Handlers, Offer, Tcp } from "../../ip/index.js";
import type { Reach } from "./reach.js";
import type { ConnectionError, Endpoint, HostSockets, Listening } from "./sockets.js";
import { createSplice, type Splice } from "./splice.js";

/** RFC 5382, 5: established connections that are silent, and those of which one side has ended. */
const idleMsecs = { open: 7440_000, halfOpen: 240_000 } as const;

/** Of the gateway's, for outsiders. */
const ports = { first: 10_000, last: 65_535, tries: 64 } as const;

export interface TcpNat {
  /** Leads connections to `at` to the unikernel's `port`. Rejects where it cannot listen. */
  forward(at: Endpoint, guest: () => Address, port: number): Promise<Listening>;
  sweep(): void;
  close(): void;
}

/** Errors after which the unikernel is told at once; after others it may as well wait. */
const refused: ReadonlySet<ConnectionError | undefined> = new Set([
  "refused",
  "reset",
  "denied",
  "unreachable",
]);

/** `gateway` is the address that outsiders appear under. */
export function createTcpNat(
  tcp: Tcp,
  gateway: Address,
  sockets: HostSockets,
  reach: Reach,
  now: () => number,
): TcpNat {
  const splices = new Set<Splice>();
  /** A splice that is counted while it lasts. */
  const ends = (): ReturnType<typeof createSplice> => {
    let splice: Splice | undefined;
    const made = createSplice(now, () => splice !== undefined && splices.delete(splice));
    return {
      ...made,
      join(connection, socket) {
        splice = made.join(connection, socket);
        splices.add(splice);
        return splice;
      },
    };
  };

  let lastPort: number = ports.first;
  /** Ports in turn: what ended lately is far behind, and need not be looked through. Throws Solo5Error. */
  const connect = (remote: Endpoint, handlers: Handlers): Connection => {
    for (let tries = 1; ; tries++) {
      lastPort = lastPort === ports.last ? ports.first : lastPort + 1;
      try {
        return tcp.connect({ remote, local: { address: gateway, port: lastPort }, noDelay: true }, handlers);
      } catch (error) {
        if (tries === ports.tries || (error as Solo5Error).code !== "PORT") throw error;
      }
    }
  };

  const lead = (offer: Offer): void => {
    const to = reach(offer.local);
    if (to === undefined) {
      offer.refuse();
      return;
    }
    const { guest, host, join } = ends();
    let connection: Connection | undefined;
    const socket = sockets.connect(to, {
      ...host,
      connected() {
        connection = offer.accept(guest);
        join(connection, socket);
      },
      closed(error) {
        if (connection !== undefined) host.closed(error);
        else if (refused.has(error)) offer.refuse();
        else offer.drop();
      },
    });
    offer.onWithdrawn = () => socket.reset();
  };
  tcp.intercept(lead);

  return {
    forward: (at, guestAddress, port) =>
      sockets.listen(at, (socket) => {
        const { guest, host, join } = ends();
        // What comes waits for the unikernel to answer.
        socket.pause();
        let connection: Connection;
        try {
          connection = connect(
            { address: guestAddress(), port },
            { ...guest, opened: () => socket.resume() },
          );
        } catch {
          // No port, no room for another.
          socket.reset();
          return host;
        }
        join(connection, socket);
        return host;
      }),

    sweep() {
      const time = now();
      for (const splice of splices)
        if (time - splice.used >= (splice.isHalfOpen ? idleMsecs.halfOpen : idleMsecs.open)) splice.reset();
    },

    close() {
      tcp.intercept(undefined);
      for (const splice of splices) splice.reset();
    },
  };
}
