// The relay's side of Wisp: streams become sockets of its host, where the same is denied as for a unikernel of its own.
import { tryParseAddress, type Address } from "../../ip/index.js";
import { mayReach } from "../user/denied.js";
import type { UserNetwork } from "../user/options.js";
import type { Endpoint, HostSockets } from "../user/sockets.js";
import {
  closeReason,
  readPacket,
  writePacket,
  type ChannelEvents,
  type MessageChannel,
  type WispPacket,
} from "./packet.js";
import { openTcpStream, openUdpStream, pendingStream, room, type RelayStream } from "./relay-stream.js";

export interface RelayLimits {
  /** Streams of one channel at a time. */
  readonly streams: number;
  /** Bytes both ways that may still pass, told of those that have. False: no more. */
  spend(bytes: number): boolean;
}

type Policy = Pick<UserNetwork, "restrict" | "allowed">;

/** Bytes on their way to the client, above which what comes for it waits. */
const waitingMost = 0x10_0000;

/** Where a name leads that may be reached; a reason where there is no such place. */
async function find(
  sockets: HostSockets,
  policy: Policy,
  host: string,
  port: number,
): Promise<Endpoint | number> {
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
}

/** Serves a channel in a version of the protocol; gives where its events go. */
export function serveWisp(
  channel: MessageChannel,
  sockets: HostSockets,
  policy: Policy,
  limits: RelayLimits,
  version: 1 | 2,
): ChannelEvents {
  const streams = new Map<number, RelayStream>();
  const send = (packet: WispPacket): void => channel.send(writePacket(packet));
  const close = (stream: number, reason: number): void => {
    if (streams.delete(stream)) send({ type: "close", stream, reason });
  };
  const throttle = (stream: number): void => {
    streams.get(stream)?.end(false);
    close(stream, closeReason.throttled);
  };
  const offer = (stream: number): void => send({ type: "continue", stream, room: room.packets });
  const give = (stream: number, bytes: Uint8Array): void => {
    const one = streams.get(stream);
    if (one !== undefined && !(limits.spend(bytes.length) && one.data(bytes))) throttle(stream);
  };

  const open = async ({
    stream,
    kind,
    host,
    port,
  }: WispPacket & { readonly type: "connect" }): Promise<void> => {
    const pending = pendingStream();
    streams.set(stream, pending);
    const to = await find(sockets, policy, host, port);
    if (streams.get(stream) !== pending) return;
    if (typeof to === "number") {
      close(stream, to);
      return;
    }
    const opened = (kind === "tcp" ? openTcpStream : openUdpStream)(sockets, to, {
      data(data) {
        if (!streams.has(stream)) return;
        if (limits.spend(data.length)) send({ type: "data", stream, data });
        else throttle(stream);
      },
      more: () => offer(stream),
      closed: (reason) => close(stream, reason),
      isBusy: () => channel.waiting > waitingMost,
    });
    streams.set(stream, opened);
    for (const bytes of pending.early) opened.data(bytes);
  };
  const connect = (packet: WispPacket & { readonly type: "connect" }): void => {
    const { stream, port } = packet;
    const isValid = stream !== 0 && !streams.has(stream) && port !== 0;
    if (!isValid) send({ type: "close", stream, reason: closeReason.invalid });
    else if (streams.size >= limits.streams) send({ type: "close", stream, reason: closeReason.throttled });
    else void open(packet);
  };

  // Version 2 begins when both have said what they can.
  let isGreeted = version === 1;
  if (isGreeted) offer(0);
  else send({ type: "info", stream: 0 });
  return {
    message(message) {
      const packet = readPacket(message);
      if (packet === undefined) return;
      const { stream } = packet;
      if (packet.type === "info" && !isGreeted) {
        isGreeted = true;
        offer(0);
      } else if (packet.type === "connect") connect(packet);
      else if (packet.type === "data") give(stream, Uint8Array.from(packet.data));
      else if (packet.type === "close") {
        const one = streams.get(stream);
        streams.delete(stream);
        one?.end(packet.reason === closeReason.voluntary);
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
