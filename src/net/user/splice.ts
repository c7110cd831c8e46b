// One connection made of two: the unikernel's, which ends in this process, and a socket of the host's. Each side goes as fast as
// the other takes it; an end or a reset of one is the other's.
import type { Connection, Handlers } from "../../ip/index.js";
import type { TcpEvents, TcpSocket } from "./sockets.js";

export interface Splice {
  /** When something was last moved, in milliseconds. */
  readonly used: number;
  /** Whether one side has ended already. */
  readonly isHalfOpen: boolean;
  reset(): void;
}

/** What both sides are to be told to. `guest` and `host` must be there before anything is. */
export interface SpliceEnds {
  readonly guest: Handlers;
  readonly host: TcpEvents;
  /** Joins the two. */
  join(connection: Connection, socket: TcpSocket): Splice;
}

/** `closed` is called once, when nothing is left of either side. */
export function createSplice(now: () => number, closed: () => void): SpliceEnds {
  let connection: Connection | undefined;
  let socket: TcpSocket | undefined;
  let used = now();
  /** The host takes no more for now. */
  let isFull = false;
  const ended = { guest: false, host: false };
  const gone = { guest: false, host: false };

  const pump = (): void => {
    if (connection === undefined || socket === undefined) return;
    for (let data; !isFull && (data = connection.read()) !== undefined;) isFull = !socket.write(data);
    if (ended.guest || !connection.ended) return;
    ended.guest = true;
    socket.end();
  };
  const leave = (side: keyof typeof gone): void => {
    if (gone[side]) return;
    gone[side] = true;
    if (gone.guest && gone.host) closed();
  };
  return {
    guest: {
      readable() {
        used = now();
        pump();
      },
      writable: () => socket?.resume(),
      closed(error) {
        // What it sent before it was done is still to be read.
        if (error === undefined) pump();
        else if (!gone.host) socket?.reset();
        leave("guest");
      },
    },
    host: {
      connected() {},
      data(bytes) {
        used = now();
        if (connection?.write(bytes) === false) socket?.pause();
      },
      ended() {
        ended.host = true;
        connection?.end();
      },
      drained() {
        isFull = false;
        pump();
      },
      closed(error) {
        if (error !== undefined) connection?.reset();
        else connection?.end();
        leave("host");
      },
    },
    join(one, other) {
      connection = one;
      socket = other;
      pump();
      return {
        get used() {
          return used;
        },
        get isHalfOpen() {
          return ended.guest || ended.host;
        },
        reset() {
          one.reset();
          other.reset();
        },
      };
    },
  };
}
