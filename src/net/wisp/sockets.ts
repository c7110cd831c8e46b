// The client's side of Wisp: the sockets of a host that has none, by a relay. Names go to the relay as they are: the unikernel is
// given an address that stands for one.
import { Solo5Error } from "../../bytes/error.js";
import { formatAddress } from "../../ip/index.js";
import type { ConnectionError, Endpoint, HostSockets, TcpEvents, UdpEvents } from "../user/sockets.js";
import {
  closeReason,
  readPacket,
  writePacket,
  type ChannelEvents,
  type MessageChannel,
  type WispPacket,
} from "./packet.js";
import { createNameBook } from "./name-book.js";

const errors: Readonly<Record<number, ConnectionError>> = {
  [closeReason.unreachable]: "unreachable",
  [closeReason.invalid]: "unreachable",
  [closeReason.timeout]: "timeout",
  [closeReason.refused]: "refused",
  [closeReason.blocked]: "refused",
  [closeReason.throttled]: "refused",
  [closeReason.network]: "reset",
};

interface Stream {
  data(bytes: Uint8Array): void;
  /** TCP: packets that the relay has room for. */
  room(packets: number): void;
  closed(reason: number): void;
}

const nowhere = (): Solo5Error => new Solo5Error("NET", "a page can listen nowhere");
/** Bytes that wait for a reader who has paused: the relay cannot be told to. */
const heldMost = 0x100_0000;

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
  const waiting: (() => void)[] = [];
  const send = (packet: WispPacket): void => void (isOpen && channel.send(writePacket(packet)));
  const hostOf = ({ address }: Endpoint): string => names.nameOf(address) ?? formatAddress(address);
  const later = (work: () => void): void => queueMicrotask(work);

  const connect = (to: Endpoint, events: TcpEvents): ReturnType<HostSockets["connect"]> => {
    const stream = ++lastStream;
    const held: Uint8Array[] = [];
    const toSend: Uint8Array[] = [];
    let [left, heldBytes, isPaused, isOver] = [0, 0, false, false];
    let end: ConnectionError | "none" | undefined;
    const finish = (error: ConnectionError | undefined): void => {
      if (isOver) return;
      isOver = true;
      streams.delete(stream);
      if (error === undefined) events.ended();
      events.closed(error);
    };
    const flush = (): void => {
      while (left > 0 && toSend.length > 0) {
        left--;
        send({ type: "data", stream, data: toSend.shift() ?? new Uint8Array(0) });
      }
    };
    const begin = (): void => {
      if (isOver) return;
      left = room ?? 0;
      send({ type: "connect", stream, kind: "tcp", host: hostOf(to), port: to.port });
      // The relay says nothing until there is data, or until it has failed: it is taken as connected.
      events.connected();
      flush();
    };
    streams.set(stream, {
      data(bytes) {
        if (!isPaused) events.data(bytes);
        else if ((heldBytes += bytes.length) <= heldMost) held.push(bytes);
        else {
          send({ type: "close", stream, reason: closeReason.voluntary });
          finish("reset");
        }
      },
      room(packets) {
        const wasShort = toSend.length > 0;
        left = packets;
        flush();
        if (wasShort && toSend.length === 0) events.drained();
      },
      closed(reason) {
        end = errors[reason] ?? "none";
        if (!isPaused || held.length === 0) finish(end === "none" ? undefined : end);
      },
    });
    if (!isOpen) later(() => finish("unreachable"));
    else if (room === undefined) waiting.push(begin);
    else later(begin);
    return {
      write(bytes) {
        toSend.push(bytes);
        flush();
        return toSend.length === 0;
      },
      // There is no half of a stream: the relay learns of it with the other half.
      end() {},
      pause: () => void (isPaused = true),
      resume() {
        isPaused = false;
        for (let bytes; !isPaused && (bytes = held.shift()) !== undefined;) {
          heldBytes -= bytes.length;
          events.data(bytes);
        }
        if (end !== undefined && held.length === 0)
          later(() => finish(end === "none" ? undefined : (end as ConnectionError)));
      },
      reset() {
        send({ type: "close", stream, reason: closeReason.network });
        later(() => finish("reset"));
      },
    };
  };

  /** A stream for each destination. */
  const udp = (events: UdpEvents): ReturnType<HostSockets["udp"]> => {
    const byPeer = new Map<string, number>();
    return {
      send(bytes, to) {
        if (room === undefined || !isOpen) return;
        const key = `${hostOf(to)} ${to.port}`;
        let stream = byPeer.get(key);
        if (stream === undefined) {
          const own = (stream = ++lastStream);
          byPeer.set(key, own);
          send({ type: "connect", stream, kind: "udp", host: hostOf(to), port: to.port });
          streams.set(stream, {
            data: (data) => events.received(data, to),
            room() {},
            closed() {
              streams.delete(own);
              byPeer.delete(key);
            },
          });
        }
        send({ type: "data", stream, data: bytes });
      },
      close() {
        for (const stream of byPeer.values()) {
          streams.delete(stream);
          send({ type: "close", stream, reason: closeReason.voluntary });
        }
      },
    };
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
        if (packet.type === "info") send({ type: "info", stream: 0 });
        else if (packet.type === "continue" && packet.stream === 0) {
          room = packet.room;
          for (const begin of waiting.splice(0)) begin();
        } else if (packet.type === "data") streams.get(packet.stream)?.data(packet.data.slice());
        else if (packet.type === "continue") streams.get(packet.stream)?.room(packet.room);
        else if (packet.type === "close") streams.get(packet.stream)?.closed(packet.reason);
      },
      drained() {},
      closed() {
        isOpen = false;
        for (const one of streams.values()) one.closed(closeReason.unreachable);
      },
    },
  };
}
