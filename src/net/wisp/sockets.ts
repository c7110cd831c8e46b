// The client's side of Wisp: the sockets of a host that has none, by a relay. Names go to the relay as they are: the unikernel is
// given an address that stands for one.
import { Solo5Error } from "../../bytes/error.js";
import { formatAddress } from "../../ip/index.js";
import type { Endpoint, HostSockets, UdpEvents, UdpSocket } from "../user/sockets.js";
import { createClientStream, type ClientStream } from "./client-stream.js";
import { createNameBook } from "./name-book.js";
import {
  closeReason,
  readPacket,
  writePacket,
  type ChannelEvents,
  type MessageChannel,
  type WispPacket,
} from "./packet.js";

type Stream = Pick<ClientStream, "data" | "room" | "closed">;

const nowhere = (): Solo5Error => new Solo5Error("NET", "a page can listen nowhere");

/** Sockets by `channel`; what comes on it goes to `events`. */
export function wispSockets(channel: MessageChannel): {
  readonly sockets: HostSockets;
  readonly events: ChannelEvents;
} {
  const streams = new Map<number, Stream>();
  const names = createNameBook();
  let lastStream = 0;
  /** Packets that a new stream may send, once the relay has said how many; what is asked before waits. */
  let room: number | undefined;
  let isOpen = true;
  const waiting: ClientStream[] = [];
  const send = (packet: WispPacket): void => void (isOpen && channel.send(writePacket(packet)));
  const hostOf = ({ address }: Endpoint): string => names.nameOf(address) ?? formatAddress(address);
  const ask = (stream: number, kind: "tcp" | "udp", to: Endpoint): void =>
    send({ type: "connect", stream, kind, host: hostOf(to), port: to.port });

  const connect: HostSockets["connect"] = (to, events) => {
    const stream = ++lastStream;
    const made = createClientStream(
      {
        connect: () => ask(stream, "tcp", to),
        send: (data) => send({ type: "data", stream, data }),
        close: (reason) => send({ type: "close", stream, reason }),
        over: () => void streams.delete(stream),
      },
      events,
    );
    streams.set(stream, made);
    const known = room;
    if (!isOpen) queueMicrotask(() => made.closed(closeReason.unreachable));
    else if (known === undefined) waiting.push(made);
    else queueMicrotask(() => made.begin(known));
    return made.socket;
  };

  /** A stream for each destination. */
  const udp = (events: UdpEvents): UdpSocket => {
    const byPeer = new Map<string, number>();
    const open = (key: string, to: Endpoint): number => {
      const stream = ++lastStream;
      byPeer.set(key, stream);
      streams.set(stream, {
        data: (data) => events.received(data, to),
        room() {},
        closed() {
          streams.delete(stream);
          byPeer.delete(key);
        },
      });
      ask(stream, "udp", to);
      return stream;
    };
    return {
      send(data, to) {
        if (room === undefined || !isOpen) return;
        const key = `${hostOf(to)} ${to.port}`;
        send({ type: "data", stream: byPeer.get(key) ?? open(key, to), data });
      },
      close() {
        for (const stream of byPeer.values()) {
          streams.delete(stream);
          send({ type: "close", stream, reason: closeReason.voluntary });
        }
      },
    };
  };

  const greeted = (packets: number): void => {
    room = packets;
    for (const one of waiting.splice(0)) one.begin(packets);
  };
  return {
    sockets: {
      connect,
      udp: (_family, events) => udp(events),
      listen: () => Promise.reject(nowhere()),
      listenUdp: () => Promise.reject(nowhere()),
      lookup: async (name, family) => names.lookup(name, family),
      query: () => Promise.reject(nowhere()),
      ownAddresses: () => [],
    },
    events: {
      message(message) {
        const packet = readPacket(message);
        if (packet === undefined) return;
        const one = streams.get(packet.stream);
        if (packet.type === "info") send({ type: "info", stream: 0 });
        else if (packet.type === "continue" && packet.stream === 0) greeted(packet.room);
        else if (packet.type === "continue") one?.room(packet.room);
        else if (packet.type === "data") one?.data(packet.data.slice());
        else if (packet.type === "close") one?.closed(packet.reason);
      },
      drained() {},
      closed() {
        isOpen = false;
        for (const one of streams.values()) one.closed(closeReason.unreachable);
      },
    },
  };
}
