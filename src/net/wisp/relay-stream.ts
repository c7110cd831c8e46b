// A stream of a relay's: a socket of its host, which takes no more than the client was told that it may send.
import type { ConnectionError, Endpoint, HostSockets, TcpSocket, UdpSocket } from "../user/sockets.js";
import { closeReason } from "./packet.js";

/** Packets of a stream that the relay takes before it has passed them on, and bytes of them. */
export const room = { packets: 32, bytes: 0x40_0000 } as const;

/** How long a socket may take to end. */
const lingerMsecs = 60_000;

const reasons: Readonly<Record<ConnectionError, number>> = {
  refused: closeReason.refused,
  unreachable: closeReason.unreachable,
  timeout: closeReason.timeout,
  reset: closeReason.network,
  denied: closeReason.blocked,
};

export interface RelayStream {
  /** False where there is more than was allowed: the stream is given up. */
  data(bytes: Uint8Array): boolean;
  /** The client takes more again. */
  resume(): void;
  /** Whether what it has been given is still to arrive, or it is given up. */
  end(inOrder: boolean): void;
}

/** What a stream's socket tells the relay. */
export interface StreamEvents {
  data(bytes: Uint8Array): void;
  /** The client may send as many packets as at the beginning. */
  more(): void;
  closed(reason: number): void;
  /** Whether the client has enough on its way. */
  isBusy(): boolean;
}

export type OpenStream = (sockets: HostSockets, to: Endpoint, events: StreamEvents) => RelayStream;

export const openTcpStream: OpenStream = (sockets, to, events) => {
  /** Since the client was last told of room. */
  let taken = { packets: 0, bytes: 0 };
  let isFull = false;
  let patience: ReturnType<typeof setTimeout> | undefined;
  const more = (): void => {
    // Half way before it is used up; later where the socket takes no more.
    if (isFull || taken.packets < room.packets / 2) return;
    taken = { packets: 0, bytes: 0 };
    events.more();
  };
  const socket: TcpSocket = sockets.connect(to, {
    connected() {},
    data(bytes) {
      events.data(bytes);
      if (events.isBusy()) socket.pause();
    },
    // There is no half of a stream: what has been said both ways is all.
    ended: () => socket.end(),
    drained() {
      isFull = false;
      more();
    },
    closed(error) {
      clearTimeout(patience);
      events.closed(error === undefined ? closeReason.voluntary : reasons[error]);
    },
  });
  return {
    data(bytes) {
      taken = { packets: taken.packets + 1, bytes: taken.bytes + bytes.length };
      if (taken.packets > room.packets || taken.bytes > room.bytes) return false;
      isFull = !socket.write(bytes);
      more();
      return true;
    },
    resume: () => socket.resume(),
    end(inOrder) {
      if (!inOrder) {
        socket.reset();
        return;
      }
      socket.end();
      // What the other side still says is heard by nobody; it may not say so for ever.
      socket.resume();
      patience = setTimeout(() => socket.reset(), lingerMsecs);
    },
  };
};

export const openUdpStream: OpenStream = (sockets, to, events) => {
  const socket: UdpSocket = sockets.udp(to.address.length === 4 ? 4 : 6, {
    received(bytes, from) {
      const isIts = from.port === to.port && from.address.every((byte, i) => byte === to.address[i]);
      // What the client has no room for is lost, as datagrams are.
      if (isIts && !events.isBusy()) events.data(bytes);
    },
    failed: () => events.closed(closeReason.network),
  });
  return {
    data(bytes) {
      socket.send(bytes, to);
      return true;
    },
    resume() {},
    end: () => socket.close(),
  };
};

/** Stands for a stream whose socket is not there yet: keeps what comes for it. */
export function pendingStream(): RelayStream & { readonly early: readonly Uint8Array[] } {
  const early: Uint8Array[] = [];
  let bytes = 0;
  return {
    early,
    data(packet) {
      early.push(packet);
      bytes += packet.length;
      return early.length <= room.packets && bytes <= room.bytes;
    },
    resume() {},
    end() {},
  };
}
