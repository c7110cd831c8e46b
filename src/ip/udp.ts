// UDP (RFC 768; RFC 1122, 4.1; RFC 8200, 8.1 for IPv6): ports, and for gateways every port of every address.
import { Solo5Error } from "../bytes/error.js";
import { familyOf, isMulticast, type Address } from "./address.js";
import { bindTo, boundTo, isTaken, unbind, type Bindings, type Bound } from "./bindings.js";
import { addressSum, adds, checksum } from "./checksum.js";
import { sendDatagram } from "./ip-output.js";
import { isBroadcastHere, random, sourceFor, type Nic } from "./nic.js";
import { destinationOf, protocol, sourceOf, type Packet } from "./packet.js";
import type { IcmpReport } from "./icmp-report.js";
import { get16, set16 } from "./wire.js";

export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** A datagram that has come. `data` is a view of the frame; it may be kept. */
export interface Datagram {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly data: Uint8Array;
  /** It came to a group or to everybody. */
  readonly group: boolean;
}

export interface UdpSocket {
  /** 0 where it has every port. */
  readonly port: number;
  /**
   * Sends a datagram. `local` is needed where the socket has no address or port of its own; `broadcast` destinations want an
   * address too. False where there is no way, no room in the link, or too much data.
   */
  send(remote: Endpoint, data: Uint8Array, local?: Endpoint): boolean;
  /** An ICMP error about a datagram that was sent. */
  onError: ((report: IcmpReport) => void) | undefined;
  close(): void;
}

export interface UdpBinding {
  /** One address; any of the stack's (and, of a gateway, of everybody) where absent. */
  readonly address?: Address;
  /** One port; 0 or absent: a free one. `"any"`: all that nobody else has. */
  readonly port?: number | "any";
}

export interface Udp {
  /**
   * Takes datagrams. `receive` returning false refuses one: an ICMP port unreachable goes back. The socket with an address
   * comes before one without, and one with a port before `any`. Throws Solo5Error `PORT` where it is taken.
   */
  bind(binding: UdpBinding, receive: (datagram: Datagram) => boolean | void): UdpSocket;
}

export interface UdpLayer extends Udp {
  receive(packet: Packet): "taken" | "refused";
  report(report: IcmpReport): void;
}

const headerSize = 8;
/** RFC 6056, 3.2 wants as many as can be; below them are those that servers listen on. */
export const dynamicPorts = { first: 32_768, count: 32_768 } as const;

interface BoundSocket extends Bound {
  readonly receive: (datagram: Datagram) => boolean | void;
  readonly socket: UdpSocket;
}

/** By port; `any` is under 0. */
type Sockets = Bindings<BoundSocket>;

export function createUdp(nic: Nic): UdpLayer {
  const sockets: Sockets = new Map();
  return {
    bind: (binding, receive) => bind(nic, sockets, binding, receive),
    receive: (packet) => receiveUdp(nic, sockets, packet),
    report: (report) => socketOf(sockets, report.local, report.localPort)?.socket.onError?.(report),
  };
}

const socketOf = (sockets: Sockets, address: Address, port: number): BoundSocket | undefined =>
  boundTo(sockets, address, port) ?? boundTo(sockets, address, 0);

function bind(
  nic: Nic,
  sockets: Sockets,
  { address, port: asked }: UdpBinding,
  receive: BoundSocket["receive"],
): UdpSocket {
  const port = asked === "any" ? 0 : asked === undefined || asked === 0 ? freePort(nic, sockets) : asked;
  if (isTaken(sockets, address, port)) throw new Solo5Error("PORT", `UDP port ${port} is taken`);
  const socket: UdpSocket = {
    port,
    onError: undefined,
    send(remote, data, local) {
      const from = local?.address ?? address ?? sourceFor(nic, remote.address);
      const fromPort = local?.port ?? port;
      if (from === undefined || fromPort === 0 || from.length !== remote.address.length) return false;
      const sent = sendUdp(nic, { address: from, port: fromPort }, remote, data);
      nic.settle();
      return sent;
    },
    close: () => unbind(sockets, port, bound),
  };
  const bound: BoundSocket = { address, receive, socket };
  bindTo(sockets, port, bound);
  return socket;
}

function freePort(nic: Nic, sockets: Sockets): number {
  const start = Math.floor(random(nic) * dynamicPorts.count);
  for (let i = 0; i < dynamicPorts.count; i++) {
    const port = dynamicPorts.first + ((start + i) % dynamicPorts.count);
    if (!sockets.has(port)) return port;
  }
  throw new Solo5Error("PORT", "no free UDP port");
}

function sendUdp(nic: Nic, local: Endpoint, remote: Endpoint, data: Uint8Array): boolean {
  const size = headerSize + data.length;
  if (size > 65_535 - (familyOf(local.address) === 4 ? 20 : 0)) return false;
  const message = new Uint8Array(size);
  set16(message, 0, local.port);
  set16(message, 2, remote.port);
  set16(message, 4, size);
  message.set(data, headerSize);
  const field = checksum(message, 0, size, addressSum(local.address, remote.address) + protocol.udp + size);
  // RFC 768: 0 says that there is none.
  set16(message, 6, field === 0 ? 0xffff : field);
  return sendDatagram(
    nic,
    { source: local.address, destination: remote.address, protocol: protocol.udp },
    message,
  );
}

function receiveUdp(nic: Nic, sockets: Sockets, packet: Packet): "taken" | "refused" {
  const { frame, at, end, family } = packet;
  const size = end - at < headerSize ? 0 : get16(frame, at + 4);
  const checked = size >= headerSize && size <= end - at;
  const local = destinationOf(nic, packet);
  const remote = sourceOf(packet);
  const pseudo = addressSum(remote, local) + protocol.udp + size;
  // RFC 1122, 4.1.3.4: none is allowed in IPv4; RFC 8200, 8.1: not in IPv6.
  const unsummed = family === 4 && get16(frame, at + 6) === 0;
  if (
    !checked ||
    (get16(frame, at + 6) === 0 && family === 6) ||
    (!unsummed && !adds(frame, at, at + size, pseudo))
  ) {
    nic.counters.dropped++;
    return "taken";
  }
  const [remotePort, localPort] = [get16(frame, at), get16(frame, at + 2)];
  const group = packet.group || isMulticast(local) || (family === 4 && isBroadcastHere(nic, local));
  const to = socketOf(sockets, local, localPort);
  if (to === undefined || localPort === 0) return "refused";
  const taken = to.receive({
    local: { address: local, port: localPort },
    remote: { address: remote, port: remotePort },
    data: frame.subarray(at + headerSize, at + size),
    group,
  });
  return taken === false ? "refused" : "taken";
}
