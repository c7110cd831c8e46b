// ICMP (RFC 792; RFC 1122, 3.2.2) and ICMPv6 (RFC 4443): echo, and the errors that are sent and taken.
import { familyOf, isMulticast, isUnspecified, type Address } from "./address.js";
import { adds, addressSum } from "./checksum.js";
import { icmpTypes, sendIcmp, type IcmpError } from "./icmp-message.js";
import { isError, readError, type IcmpReport } from "./icmp-report.js";
import { hopTo } from "./ip-output.js";
import { isBroadcastHere, sourceFor, type Nic } from "./nic.js";
import { destinationOf, protocol, sourceOf, type Packet } from "./packet.js";
import { get16, set16, set32 } from "./wire.js";

/** An echo request or reply; `data` is valid during the call. */
export interface Echo {
  readonly local: Address;
  readonly remote: Address;
  readonly identifier: number;
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly hopLimit: number;
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

/** Errors that may be sent now, and since when that is so. */
interface ErrorBudget {
  tokens: number;
  filledAt: number;
}

/** `reports` takes errors about what was sent, `discovery` the messages of neighbour discovery. */
export function createIcmp(
  nic: Nic,
  reports: (report: IcmpReport) => void,
  discovery: (packet: Packet) => void,
): IcmpLayer {
  const budget: ErrorBudget = { tokens: errorRate.burst, filledAt: 0 };
  const layer: IcmpLayer = {
    onRequest: undefined,
    onReply: undefined,
    ping(to) {
      const source = to.local ?? sourceFor(nic, to.remote);
      const sent = source !== undefined && sendEcho(nic, "echoRequest", source, to);
      nic.settle();
      return sent;
    },
    reply(to) {
      const sent = sendEcho(nic, "echoReply", to.local, to);
      nic.settle();
      return sent;
    },

    receive(packet) {
      const { frame, at, family } = packet;
      if (!isSound(packet)) {
        nic.counters.dropped++;
        return;
      }
      const type = frame[at] as number;
      const types = icmpTypes[family];
      if (type === types.echoRequest[0]) answer(nic, layer, packet);
      else if (type === types.echoReply[0]) layer.onReply?.(readEcho(nic, packet));
      else if (family === 6 && type >= 133 && type <= 137) discovery(packet);
      else {
        const report = readError(packet);
        if (report !== undefined) reports(report);
      }
    },

    error(packet, kind, parameter = 0) {
      const [type, code] = icmpTypes[packet.family][kind];
      sendError(nic, budget, packet, type, code, parameter);
    },
    message: (packet, type, code, parameter) => sendError(nic, budget, packet, type, code, parameter),
  };
  return layer;
}

function isSound(packet: Packet): boolean {
  const { frame, at, end, family } = packet;
  const size = end - at;
  const pseudo = family === 4 ? 0 : addressSum(frame.subarray(packet.sourceAt, packet.destinationAt), frame.subarray(packet.destinationAt, packet.destinationAt + 16)) + protocol.icmp6 + size; // prettier-ignore
  return size >= 8 && adds(frame, at, end, pseudo);
}

function sendEcho(
  nic: Nic,
  kind: "echoRequest" | "echoReply",
  source: Address,
  { remote, identifier, sequence, data }: Omit<Echo, "hopLimit" | "local">,
): boolean {
  const message = new Uint8Array(8 + data.length);
  message[0] = icmpTypes[familyOf(remote)][kind][0];
  set16(message, 4, identifier);
  set16(message, 6, sequence);
  message.set(data, 8);
  return sendIcmp(nic, { source, destination: remote }, message);
}

const readEcho = (nic: Nic, packet: Packet): Echo => ({
  local: destinationOf(nic, packet),
  remote: sourceOf(packet),
  identifier: get16(packet.frame, packet.at + 4),
  sequence: get16(packet.frame, packet.at + 6),
  data: packet.frame.subarray(packet.at + 8, packet.end),
  hopLimit: packet.hopLimit,
});

function answer(nic: Nic, { onRequest }: Icmp, packet: Packet): void {
  const asked = readEcho(nic, packet);
  if (onRequest?.(asked) === true || isUnspecified(asked.remote)) return;
  // RFC 1122, 3.2.2.6: none to broadcasts of IPv4; RFC 4443, 4.2: by an own address to groups of IPv6.
  if (packet.group && packet.family === 4) return;
  const local = packet.group || isMulticast(asked.local) ? sourceFor(nic, asked.remote) : asked.local;
  if (local !== undefined) sendEcho(nic, "echoReply", local, asked);
}

function mayError(nic: Nic, budget: ErrorBudget): boolean {
  const now = nic.now();
  const filled = ((now - budget.filledAt) * errorRate.perSecond) / 1000;
  budget.tokens = Math.min(errorRate.burst, budget.tokens + filled);
  budget.filledAt = now;
  if (budget.tokens < 1) return false;
  budget.tokens--;
  return true;
}

function sendError(
  nic: Nic,
  budget: ErrorBudget,
  packet: Packet,
  type: number,
  code: number,
  parameter: number,
): void {
  const { frame, family, header } = packet;
  const [source, destination] = [sourceOf(packet), destinationOf(nic, packet)];
  // RFC 1122, 3.2.2; RFC 4443, 2.4e: none about what was for a group, from nobody, or itself an error.
  const toGroup =
    packet.group || isMulticast(destination) || (family === 4 && isBroadcastHere(nic, destination));
  const exempt = family === 6 && (type === 2 || (type === 4 && code === 2));
  if ((toGroup && !exempt) || isUnspecified(source) || isMulticast(source) || isError(packet)) return;
  const local = toGroup ? sourceFor(nic, source) : destination;
  if (local === undefined || hopTo(nic, source) === undefined || !mayError(nic, budget)) return;
  const quote = frame.subarray(header, Math.min(packet.end, header + quoteMax[family]));
  const message = new Uint8Array(8 + quote.length);
  message[0] = type;
  message[1] = code;
  set32(message, 4, parameter);
  message.set(quote, 8);
  sendIcmp(nic, { source: local, destination: source }, message);
}
