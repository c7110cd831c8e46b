// ARP for IPv4 on Ethernet (RFC 826): answers for the stack's addresses, asks for neighbours'.
import { isUnspecified, keyOf, type Address, type Mac } from "./address.js";
import { broadcastMac, etherType, ethernetHeader, isGroupMac, writeEthernet } from "./ethernet.js";
import { learn, neighbourOf, sendFrame } from "./neighbour.js";
import { ownAddress, sourceFor, type Neighbour, type Nic } from "./nic.js";
import { get16, get32, matches, set16, set32 } from "./wire.js";

/** Offsets behind the Ethernet header. */
const field = { operation: 6, senderMac: 8, senderIp: 14, targetMac: 18, targetIp: 24 } as const;
const operation = { request: 1, reply: 2 } as const;
const size = 28;
/** Hardware type Ethernet, protocol type IPv4, their lengths. */
const kind = [0x00010800, 0x0604] as const;

function send(nic: Nic, to: Mac, op: number, from: Address, targetMac: Mac, target: Address): void {
  const { tx, link } = nic;
  const at = ethernetHeader;
  writeEthernet(tx, to, link.mac, etherType.arp);
  set32(tx, at, kind[0]);
  set16(tx, at + 4, kind[1]);
  set16(tx, at + field.operation, op);
  tx.set(link.mac, at + field.senderMac);
  tx.set(from, at + field.senderIp);
  tx.set(targetMac, at + field.targetMac);
  tx.set(target, at + field.targetIp);
  sendFrame(nic, at + size);
}

const none = new Uint8Array(6);

/** Asks for a neighbour's MAC. */
export function arpRequest(nic: Nic, neighbour: Neighbour, unicast: boolean): void {
  const from = sourceFor(nic, neighbour.address);
  const to = unicast && neighbour.mac !== undefined ? neighbour.mac : broadcastMac;
  // RFC 5227, 2.1.1: 0.0.0.0 where there is no address yet.
  send(nic, to, operation.request, from ?? new Uint8Array(4), none, neighbour.address);
}

/** Tells everybody of an address that is now the stack's (RFC 5227, 2.3). */
export const announceArp = (nic: Nic, address: Address): void =>
  send(nic, broadcastMac, operation.request, address, none, address);

/** Takes a frame of type ARP. */
export function receiveArp(nic: Nic, frame: Uint8Array): void {
  const at = ethernetHeader;
  if (frame.length < at + size || get32(frame, at) !== kind[0] || get16(frame, at + 4) !== kind[1]) return;
  const senderMac = frame.subarray(at + field.senderMac, at + field.senderMac + 6);
  const sender = frame.subarray(at + field.senderIp, at + field.senderIp + 4);
  const target = frame.slice(at + field.targetIp, at + field.targetIp + 4);
  const op = get16(frame, at + field.operation);
  // A group address as a MAC would make a neighbour of everybody; the stack's own is an echo.
  if (isGroupMac(senderMac) || matches(nic.link.mac, 0, senderMac)) return;
  const own = ownAddress(nic, target);
  const forUs = (own !== undefined && !own.tentative) || nic.answersFor(target);
  if (!isUnspecified(sender) && ownAddress(nic, sender) === undefined) {
    // RFC 826: known senders are merged always, others where the stack is the target.
    const known = nic.neighbours.get(keyOf(sender));
    if (known !== undefined || forUs)
      learn(nic, known ?? neighbourOf(nic, sender), senderMac, op === operation.reply);
  }
  if (op === operation.request && forUs) {
    // A probe or an announcement of the asker's own address is not answered for others (RFC 5227, 1.1).
    if (own === undefined && (isUnspecified(sender) || matches(sender, 0, target))) return;
    send(nic, senderMac.slice(), operation.reply, target, senderMac.slice(), sender.slice());
  }
}
