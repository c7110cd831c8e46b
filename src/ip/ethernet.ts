// Ethernet II frames (RFC 894, RFC 2464): header and group addresses.
import type { Address, Mac } from "./address.js";
import { set16 } from "./wire.js";

export const etherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
export const ethernetHeader = 14;
export const broadcastMac: Mac = Uint8Array.of(255, 255, 255, 255, 255, 255);

/** Individual addresses have an even first byte. */
export const isGroupMac = (frame: Uint8Array): boolean => ((frame[0] as number) & 1) !== 0;

/** Where a multicast or broadcast packet goes on Ethernet (RFC 1112, 6.4; RFC 2464, 7). */
export function groupMac(address: Address): Mac {
  const [, b = 0, c = 0, d = 0] = address;
  if (address.length === 16) return Uint8Array.of(0x33, 0x33, ...address.subarray(12));
  return address[0] === 255 || ((address[0] as number) & 0xf0) !== 0xe0
    ? broadcastMac
    : Uint8Array.of(1, 0, 0x5e, b & 0x7f, c, d);
}

export function writeEthernet(frame: Uint8Array, to: Mac, from: Mac, type: number): void {
  for (let i = 0; i < 6; i++) {
    frame[i] = to[i] as number;
    frame[i + 6] = from[i] as number;
  }
  set16(frame, 12, type);
}
