// The relay's side of Wisp: streams become sockets of its host, where the same is denied as for a unikernel of its own.
import { tryParseAddress, type Address } from "../../ip/index.js";
import { mayReach } from "../user/denied.js";
import type { UserNetwork } from "../user/options.js";
import type { ConnectionError, Endpoint, HostSockets, TcpSocket, UdpSocket } from "../user/sockets.js";
import {
  closeReason,
  readPacket,
  writePacket,
  type ChannelEvents,
  type MessageChannel,
  type WispPacket,
} from "./packet.js";

export interface RelayLimits {
  /** Streams of one channel at a time. */
  readonly streams: number;
  /** Bytes both ways that may still pass; told of those that have. False: no more. */
  spend(bytes: number): boolean;
}

/** Packets of a stream that the relay takes before it has passed them on. */
const buffered = 64;
/** Bytes on their way to the other side, above which what comes for it waits. */
const waitingMost = 0x10_0000;

/** How long a socket may take to end. */
const lingerMsecs = 60_000;

const reasons: Readonly<Record<ConnectionError, number>> = {
  refused: closeReason.refused,
  unreachable: closeReason.unreachable,
  timeout: closeReason.timeout,
  reset: closeReason.network,
  denied: closeReason.blocked,
};

interface Stream {
  data(bytes: Uint8Array): void;
  resume(): void;
  /** Whether what it has been given is still to arrive, or it is given up. */
  end(inOrder: boolean): void;
}

/** Serves a channel in a version of the protocol; gives where its events go. */
export function serveWisp(
  channel: MessageChannel,
  sockets: HostSockets,
  policy: Pick<UserNetwork, "restrict" | "allowed">,
  limits: RelayLimits,
  version: 1 | 2,
): ChannelEvents {
  const streams = new Map<number, Stream>();
  const send = (packet: WispPacket): void => channel.send(writePacket(packet));
  const close = (stream: number, reason: number): void => {
    if (streams.delete(stream)) send({ type: "close", stream, reason });
  };
  const pass = (stream: number, data: Uint8Array): void => {
    if (!streams.has(stream)) return;
    if (limits.spend(data.length)) send({ type: "data", stream, data });
    else {
      streams.get(stream)?.end(false);
      close(stream, closeReason.throttled);
    }
  };

  /** Where a name leads that may be reached; a reason where there is no such place. */
  const find = async (host: string, port: number): Promise<Endpoint | number> => {
    const literal = tryParseAddress(host.replace(/^\[|\]$/g, ""));
    let addresses: readonly Address[] | undefined = literal === undefined ? undefined : [literal];
    try {
      addresses ??= (await sockets.lookup(host, 4)) ?? (await sockets.lookup(host, 6));
    } catch {
      // Nobody knows the name.
    }
    if (addresses === undefined || addresses.length === 0) return closeReason.unreachable;
    const own = sockets.ownAddresses();
    const address = addresses.find((one) => mayReach(policy, one, port, own));
    return address === undefined ? closeReason.blocked : { address, port };
  };

  const openTcp = (stream: number, to: Endpoint, early: Uint8Array[]): Stream => {
    let received = 0;
    let isFull = false;
    let ended = (): void => {};
    const give = (bytes: Uint8Array): void => {
      isFull = !socket.write(bytes);
      // Room for as many again, half way before it is used up; later where the socket takes no more.
      if (++received >= buffered / 2 && !isFull) more();
    };
    const more = (): void => {
      received = 0;
      send({ type: "continue", stream, room: buffered });
    };
    const socket: TcpSocket = sockets.connect(to, {
      connected() {},
      data(bytes) {
        pass(stream, bytes);
        if (channel.waiting > waitingMost) socket.pause();
      },
      // There is no half of a stream: what has been said both ways is all.
      ended: () => socket.end(),
      drained() {
        isFull = false;
        if (received >= buffered / 2) more();
      },
      closed(error) {
        ended();
        close(stream, error === undefined ? closeReason.voluntary : reasons[error]);
      },
    });
    for (const bytes of early) give(bytes);
    const end = (inOrder: boolean): void => {
      if (!inOrder) {
        socket.reset();
        return;
      }
      socket.end();
      // What the other side still says is heard by nobody; it may not say so for ever.
      socket.resume();
      const patience = setTimeout(() => socket.reset(), lingerMsecs);
      ended = () => clearTimeout(patience);
    };
    return { data: give, resume: () => socket.resume(), end };
  };

  const openUdp = (stream: number, to: Endpoint, early: readonly Uint8Array[]): Stream => {
    const socket: UdpSocket = sockets.udp(to.address.length === 4 ? 4 : 6, {
      received(bytes, from) {
        const isIts = from.port === to.port && from.address.every((byte, i) => byte === to.address[i]);
        // What the channel has no room for is lost, as datagrams are.
        if (isIts && channel.waiting <= waitingMost) pass(stream, bytes);
      },
      failed: () => close(stream, closeReason.network),
    });
    for (const bytes of early) socket.send(bytes, to);
    return { data: (bytes) => socket.send(bytes, to), resume() {}, end: () => socket.close() };
  };

  const connect = ({ stream, kind, host, port }: WispPacket & { readonly type: "connect" }): void => {
    if (stream === 0 || streams.has(stream) || port === 0) {
      send({ type: "close", stream, reason: closeReason.invalid });
      return;
    }
    if (streams.size >= limits.streams) {
      send({ type: "close", stream, reason: closeReason.throttled });
      return;
    }
    /** Comes before the socket is there. */
    const early: Uint8Array[] = [];
    const pending: Stream = { data: (bytes) => void early.push(bytes), resume() {}, end() {} };
    streams.set(stream, pending);
    const lead = async (): Promise<void> => {
      const to = await find(host, port);
      if (streams.get(stream) !== pending) return;
      if (typeof to === "number") close(stream, to);
      else streams.set(stream, (kind === "tcp" ? openTcp : openUdp)(stream, to, early));
    };
    void lead();
  };

  const begin = (): void => send({ type: "continue", stream: 0, room: buffered });
  // Version 2 begins when both have said what they can.
  let isGreeted = version === 1;
  if (isGreeted) begin();
  else send({ type: "info", stream: 0 });
  return {
    message(message) {
      const packet = readPacket(message);
      if (packet === undefined) return;
      if (packet.type === "info" && !isGreeted) {
        isGreeted = true;
        begin();
      }
      const one = streams.get(packet.stream);
      if (packet.type === "connect") connect(packet);
      else if (packet.type === "close") {
        streams.delete(packet.stream);
        one?.end(packet.reason === closeReason.voluntary);
      } else if (packet.type === "data" && one !== undefined) {
        if (limits.spend(packet.data.length)) one.data(Uint8Array.from(packet.data));
        else {
          one.end(false);
          close(packet.stream, closeReason.throttled);
        }
      }
    },
    drained() {
      if (channel.waiting <= waitingMost / 2) for (const one of streams.values()) one.resume();
    },
    closed() {
      for (const one of streams.values()) one.end(false);
      streams.clear();
    },
  };
}
