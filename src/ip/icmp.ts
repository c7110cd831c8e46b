// ICMP (RFC 792; RFC 1122, 3.2.2) and ICMPv6 (RFC 4443): echo, and the errors that are sent and taken.
import { familyOf, isMulticast, isUnspecified, type Address, type Family } from "./address.js";
import { adds, addressSum, checksum } from "./checksum.js";
import { hopTo, sendDatagram, type Outgoing } from "./ip-output.js";
import { isBroadcastHere, sourceFor, type Nic } from "./nic.js";
import { destinationOf, protocol, sourceOf, type Packet } from "./packet.js";
import { get16, get32, set16, set32 } from "./wire.js";

/** Type, and code where there is one, of each message by family. */
export const icmp = {
  4: {
    echoRequest: [8, 0],
    echoReply: [0, 0],
    network: [3, 0],
    host: [3, 1],
    protocol: [3, 2],
    port: [3, 3],
    tooBig: [3, 4],
    prohibited: [3, 13],
    reassembly: [11, 1],
  },
  6: {
    echoRequest: [128, 0],
    echoReply: [129, 0],
    network: [1, 0],
    host: [1, 3],
    protocol: [4, 1],
    port: [1, 4],
    tooBig: [2, 0],
    prohibited: [1, 1],
    reassembly: [3, 1],
  },
} as const;
export type IcmpError = Exclude<keyof (typeof icmp)[4], "echoRequest" | "echoReply">;

/** An echo request or reply; `data` is valid during the call. */
export interface Echo {
  readonly local: Address;
  readonly remote: Address;
  readonly identifier: number;
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly hopLimit: number;
}

/** An error about a packet that was sent: what it quotes. */
export interface IcmpReport {
  readonly error: "unreachable" | "port" | "tooBig" | "expired";
  readonly protocol: number;
  readonly local: Address;
  readonly remote: Address;
  readonly localPort: number;
  readonly remotePort: number;
  /** TCP's sequence number. */
  readonly sequence: number;
  /** Of `tooBig`: the largest packet that passes; 0 where it does not say. */
  readonly mtu: number;
}

export interface Icmp {
  /** Sends an echo request. False where there is no way. */
  ping(to: Omit<Echo, "hopLimit" | "local"> & { readonly local?: Address }): boolean;
  /** Sends a reply, for requests that `onRequest` took. */
  reply(echo: Omit<Echo, "hopLimit">): boolean;
  /** Called for every echo request before it is answered; true: it has been seen to, no answer of the stack's. */
  onRequest: ((echo: Echo) => boolean) | undefined;
  onReply: ((echo: Echo) => void) | undefined;
}

export interface IcmpLayer extends Icmp {
  receive(packet: Packet): void;
  /** Sends an error about `packet`; `parameter` is the word behind the checksum. */
  error(packet: Packet, kind: IcmpError, parameter?: number): void;
  /** An ICMPv6 message of another type and code. */
  message(packet: Packet, type: number, code: number, parameter: number): void;
}

/** Errors a second, and how many at once (RFC 4443, 2.4f; RFC 1812, 4.3.2.8). */
const errorRate = { perSecond: 100, burst: 50 } as const;
/** Of a quoted packet: RFC 1812, 4.3.2.3; RFC 4443, 2.4c. */
const quoteMax = { 4: 576 - 20 - 8, 6: 1280 - 40 - 8 } as const;

/** Sends a message, whose checksum it fills in. */
export function sendIcmp(nic: Nic, packet: Omit<Outgoing, "protocol">, message: Uint8Array): boolean {
  const { source, destination } = packet;
  const is6 = familyOf(source) === 6;
  const pseudo = is6 ? addressSum(source, destination) + protocol.icmp6 + message.length : 0;
  set16(message, 2, 0);
  set16(message, 2, checksum(message, 0, message.length, pseudo));
  return sendDatagram(nic, { ...packet, protocol: is6 ? protocol.icmp6 : protocol.icmp }, message);
}

/** `reports` takes errors about what was sent, `discovery` the messages of neighbour discovery. */
export function createIcmp(
  nic: Nic,
  reports: (report: IcmpReport) => void,
  discovery: (packet: Packet) => void,
): IcmpLayer {
  let [tokens, filled] = [errorRate.burst as number, 0];
  const mayError = (): boolean => {
    const now = nic.now();
    tokens = Math.min(errorRate.burst, tokens + ((now - filled) * errorRate.perSecond) / 1000);
    filled = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };

  const echo = (
    kind: "echoRequest" | "echoReply",
    source: Address,
    { remote, identifier, sequence, data }: Omit<Echo, "hopLimit" | "local">,
  ): boolean => {
    const message = new Uint8Array(8 + data.length);
    message[0] = icmp[familyOf(remote)][kind][0];
    set16(message, 4, identifier);
    set16(message, 6, sequence);
    message.set(data, 8);
    return sendIcmp(nic, { source, destination: remote }, message);
  };

  const onEcho = (packet: Packet): Echo => ({
    local: destinationOf(nic, packet),
    remote: sourceOf(packet),
    identifier: get16(packet.frame, packet.at + 4),
    sequence: get16(packet.frame, packet.at + 6),
    data: packet.frame.subarray(packet.at + 8, packet.end),
    hopLimit: packet.hopLimit,
  });

  const layer: IcmpLayer = {
    onRequest: undefined,
    onReply: undefined,
    ping(to) {
      const source = to.local ?? sourceFor(nic, to.remote);
      const sent = source !== undefined && echo("echoRequest", source, to);
      nic.settle();
      return sent;
    },
    reply(to) {
      const sent = echo("echoReply", to.local, to);
      nic.settle();
      return sent;
    },

    receive(packet) {
      const { frame, at, end, family } = packet;
      const size = end - at;
      const pseudo = family === 4 ? 0 : addressSum(frame.subarray(packet.sourceAt, packet.destinationAt), frame.subarray(packet.destinationAt, packet.destinationAt + 16)) + protocol.icmp6 + size; // prettier-ignore
      if (size < 8 || !adds(frame, at, end, pseudo)) {
        nic.counters.dropped++;
        return;
      }
      const type = frame[at] as number;
      const types = icmp[family];
      if (type === types.echoRequest[0]) {
        const asked = onEcho(packet);
        if (layer.onRequest?.(asked) === true || isUnspecified(asked.remote)) return;
        // RFC 1122, 3.2.2.6: none to broadcasts of IPv4; RFC 4443, 4.2: by an own address to groups of IPv6.
        if (packet.group && family === 4) return;
        const local = packet.group || isMulticast(asked.local) ? sourceFor(nic, asked.remote) : asked.local;
        if (local !== undefined) echo("echoReply", local, asked);
      } else if (type === types.echoReply[0]) layer.onReply?.(onEcho(packet));
      else if (family === 6 && type >= 133 && type <= 137) discovery(packet);
      else {
        const report = readError(packet);
        if (report !== undefined) reports(report);
      }
    },

    error(packet, kind, parameter = 0) {
      const [type, code] = icmp[packet.family][kind];
      layer.message(packet, type, code, parameter);
    },

    message(packet, type, code, parameter) {
      const { frame, family, header } = packet;
      const [source, destination] = [sourceOf(packet), destinationOf(nic, packet)];
      // RFC 1122, 3.2.2; RFC 4443, 2.4e: none about what was for a group, from nobody, or itself an error.
      const toGroup =
        packet.group || isMulticast(destination) || (family === 4 && isBroadcastHere(nic, destination));
      const exempt = family === 6 && (type === 2 || (type === 4 && code === 2));
      if ((toGroup && !exempt) || isUnspecified(source) || isMulticast(source) || isError(packet)) return;
      const local = toGroup ? sourceFor(nic, source) : destination;
      if (local === undefined || hopTo(nic, source) === undefined || !mayError()) return;
      const quote = frame.subarray(header, Math.min(packet.end, header + quoteMax[family]));
      const message = new Uint8Array(8 + quote.length);
      message[0] = type;
      message[1] = code;
      set32(message, 4, parameter);
      message.set(quote, 8);
      sendIcmp(nic, { source: local, destination: source }, message);
    },
  };
  return layer;
}

/** Whether a packet is itself an ICMP error, or may be one. */
function isError({ frame, at, end, family, protocol: kind }: Packet): boolean {
  if (kind !== protocol.icmp && kind !== protocol.icmp6) return false;
  if (at >= end) return true;
  const type = frame[at] as number;
  return family === 6 ? type < 128 : ![0, 8, 13, 14, 15, 16, 17, 18].includes(type);
}

/** What an error says of the packet it quotes (RFC 1122, 3.2.2; RFC 4443, 2.4c). Of IPv6 with extension headers: nothing. */
function readError({ frame, at, end, family }: Packet): IcmpReport | undefined {
  const [type, code] = [frame[at] as number, frame[at + 1] as number];
  const error = kindOf(family, type, code);
  const ip = at + 8;
  if (error === undefined || ip + (family === 4 ? 28 : 48) > end || (frame[ip] as number) >> 4 !== family)
    return undefined;
  const transport = ip + (family === 4 ? ((frame[ip] as number) & 15) * 4 : 40);
  if (transport + 8 > end) return undefined;
  const [source, size] = family === 4 ? [ip + 12, 4] : [ip + 8, 16];
  return {
    error,
    protocol: frame[ip + (family === 4 ? 9 : 6)] as number,
    local: frame.slice(source, source + size),
    remote: frame.slice(source + size, source + 2 * size),
    localPort: get16(frame, transport),
    remotePort: get16(frame, transport + 2),
    sequence: get32(frame, transport + 4),
    // RFC 1191, 4: the low half of the word; RFC 4443, 3.2: all of it.
    mtu: error !== "tooBig" ? 0 : family === 4 ? get16(frame, at + 6) : get32(frame, at + 4) >>> 0,
  };
}

function kindOf(family: Family, type: number, code: number): IcmpReport["error"] | undefined {
  if (family === 6)
    return type === 1
      ? code === 4
        ? "port"
        : "unreachable"
      : type === 2
        ? "tooBig"
        : type === 3
          ? "expired"
          : undefined;
  if (type === 3) return code === 4 ? "tooBig" : code === 3 || code === 2 ? "port" : "unreachable";
  return type === 11 ? "expired" : undefined;
}
