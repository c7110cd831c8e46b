// A small host on a segment, for tests and for a first look: it answers ARP (RFC 826) and ICMP echo (RFC 792) over
// IPv4 (RFC 791), and pings others.
import { Solo5Error } from "../bytes/error.js";
import type { NetDevice } from "./contract.js";

/** A small host on a segment. */
export interface Peer {
  /**
   * Pings `ip` once; the time until the reply in milliseconds, or undefined where none came within `timeoutMsecs`.
   * `size` is the payload's, in bytes.
   */
  ping(
    ip: string,
    options?: { readonly timeoutMsecs?: number; readonly size?: number },
  ): Promise<number | undefined>;
}

/** Where a peer is on its network. */
export interface PeerOptions {
  /** Dotted quad. */
  readonly ip: string;
  readonly mac: Uint8Array;
  /** Milliseconds, for the round trips; `performance.now` where absent. */
  readonly now?: () => number;
}

const broadcast = Uint8Array.of(255, 255, 255, 255, 255, 255);
const etherType = { ipv4: 0x0800, arp: 0x0806 } as const;
const arp = { request: 1, reply: 2 } as const;
const icmp = { echoReply: 0, echoRequest: 8, protocol: 1 } as const;
const arpRetryMsecs = 100;

/** Four bytes from a dotted quad. Throws Solo5Error `ADDRESS`. */
export function parseIp(ip: string): Uint8Array {
  const bytes = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(ip) ? ip.split(".").map(Number) : [];
  if (bytes.length === 0 || bytes.some((byte) => byte > 255))
    throw new Solo5Error("ADDRESS", `not an IPv4 address: ${ip}`);
  return Uint8Array.from(bytes);
}
const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
const view = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** RFC 1071. */
export function checksum(data: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) sum += ((data[i] ?? 0) << 8) | (data[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function ethernet(to: Uint8Array, from: Uint8Array, type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + payload.length);
  frame.set(to);
  frame.set(from, 6);
  view(frame).setUint16(12, type);
  frame.set(payload, 14);
  return frame;
}

function arpPacket(
  operation: number,
  mac: Uint8Array,
  ip: Uint8Array,
  toMac: Uint8Array,
  toIp: Uint8Array,
): Uint8Array {
  const packet = Uint8Array.of(0, 1, 8, 0, 6, 4, 0, operation, ...mac, ...ip, ...toMac, ...toIp);
  return packet;
}

function echo(
  type: number,
  from: Uint8Array,
  to: Uint8Array,
  identifier: number,
  sequence: number,
  data: Uint8Array,
): Uint8Array {
  const packet = new Uint8Array(28 + data.length);
  const header = view(packet);
  packet.set([0x45, 0]);
  header.setUint16(2, packet.length);
  packet.set([64, icmp.protocol], 8);
  packet.set(from, 12);
  packet.set(to, 16);
  header.setUint16(10, checksum(packet.subarray(0, 20)));
  packet[20] = type;
  header.setUint16(24, identifier);
  header.setUint16(26, sequence);
  packet.set(data, 28);
  header.setUint16(22, checksum(packet.subarray(20)));
  return packet;
}

/** Asks, and waits until what is put into `map` under `key` is called: false after `msecs`. */
function answered<K>(map: Map<K, () => void>, key: K, msecs: number, ask: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (value: boolean): void => {
      clearTimeout(timer);
      map.delete(key);
      resolve(value);
    };
    const timer = setTimeout(() => settle(false), msecs);
    map.set(key, () => settle(true));
    ask();
  });
}

/** Attaches a peer to `port`. It lives as long as the port is open. Throws Solo5Error `ADDRESS`. */
export function createPeer(port: NetDevice, { ip, mac, now = () => performance.now() }: PeerOptions): Peer {
  const self = parseIp(ip);
  const neighbours = new Map<string, Uint8Array>();
  const resolving = new Map<string, () => void>();
  const pending = new Map<number, () => void>();
  let lastSequence = 0;

  const onArp = (packet: Uint8Array): void => {
    if (packet.length < 28) return;
    const [senderMac, senderIp] = [packet.slice(8, 14), packet.slice(14, 18)];
    neighbours.set(senderIp.join("."), senderMac);
    resolving.get(senderIp.join("."))?.();
    if (view(packet).getUint16(6) === arp.request && same(packet.subarray(24, 28), self)) {
      port.write(
        ethernet(senderMac, mac, etherType.arp, arpPacket(arp.reply, mac, self, senderMac, senderIp)),
      );
    }
  };
  const onIpv4 = (frame: Uint8Array): void => {
    const packet = frame.subarray(14);
    const headerSize = ((packet[0] ?? 0) & 15) * 4;
    const total = packet.length < 20 ? 0 : view(packet).getUint16(2);
    if (headerSize < 20 || total < headerSize + 8 || total > packet.length) return;
    if (packet[9] !== icmp.protocol || !same(packet.subarray(16, 20), self)) return;
    const message = packet.subarray(headerSize, total);
    if (checksum(message) !== 0) return;
    const [identifier, sequence] = [view(message).getUint16(4), view(message).getUint16(6)];
    if (message[0] === icmp.echoReply) pending.get(sequence)?.();
    if (message[0] !== icmp.echoRequest) return;
    const reply = echo(icmp.echoReply, self, packet.slice(12, 16), identifier, sequence, message.subarray(8));
    port.write(ethernet(frame.slice(6, 12), mac, etherType.ipv4, reply));
  };
  port.onReadable(() => {
    for (let frame; (frame = port.read()) !== undefined;) {
      if (frame.length < 14) continue;
      const type = view(frame).getUint16(12);
      if (type === etherType.arp) onArp(frame.subarray(14));
      else if (type === etherType.ipv4) onIpv4(frame);
    }
  });

  return {
    async ping(target, { timeoutMsecs = 1000, size = 56 } = {}) {
      const to = parseIp(target);
      const start = now();
      while (!neighbours.has(target)) {
        const left = timeoutMsecs - (now() - start);
        if (left <= 0) return undefined;
        await answered(resolving, target, Math.min(left, arpRetryMsecs), () => {
          const request = arpPacket(arp.request, mac, self, new Uint8Array(6), to);
          port.write(ethernet(broadcast, mac, etherType.arp, request));
        });
      }
      const sequence = (lastSequence = (lastSequence + 1) & 0xffff);
      const sent = now();
      const request = echo(icmp.echoRequest, self, to, 0x5010, sequence, new Uint8Array(size));
      const frame = ethernet(neighbours.get(target) ?? broadcast, mac, etherType.ipv4, request);
      const came = await answered(pending, sequence, timeoutMsecs, () => port.write(frame));
      return came ? now() - sent : undefined;
    },
  };
}
