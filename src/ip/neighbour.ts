// The neighbour cache and its unreachability detection (RFC 4861, 7.2 and 7.3), for ARP as well: RFC 1122, 2.3.2.1 asks
// that old entries be found out, and probing them by unicast is one of its ways.
import { keyOf, isMulticast, type Address, type Mac } from "./address.js";
import { etherType, groupMac, writeEthernet } from "./ethernet.js";
import { isBroadcastHere, type Neighbour, type Nic } from "./nic.js";
import { createTimer } from "./timers.js";

/** RFC 4861, 10. */
const reachableMsecs = 30_000;
const retransMsecs = 1000;
const delayFirstProbeMsecs = 5000;
const maxSolicits = 3;
/** RFC 4861, 7.2.2 and RFC 1122, 2.3.2.2: at least one; the latest are kept. */
const waitingMax = 4;
/** Entries; who invents addresses pushes out the oldest. */
const cacheMax = 1024;

/** The entry for an address on the link; made where there is none. */
export function neighbourOf(nic: Nic, address: Address): Neighbour {
  const key = keyOf(address);
  const known = nic.neighbours.get(key);
  if (known !== undefined) return known;
  const isGroup = isMulticast(address) || (address.length === 4 && isBroadcastHere(nic, address));
  const neighbour: Neighbour = {
    address: address.slice(),
    mac: isGroup ? groupMac(address) : undefined,
    state: isGroup ? "group" : "incomplete",
    confirmed: -Infinity,
    isRouter: false,
    timer: createTimer(() => onTimer(nic, neighbour)),
    probes: 0,
    waiting: [],
  };
  if (nic.neighbours.size >= cacheMax) {
    for (const oldest of nic.neighbours.values()) {
      forget(nic, oldest);
      break;
    }
  }
  nic.neighbours.set(key, neighbour);
  return neighbour;
}

/** Takes an entry out; who still holds it asks again. */
export function forget(nic: Nic, neighbour: Neighbour): void {
  nic.timers.remove(neighbour.timer);
  neighbour.state = "failed";
  neighbour.mac = undefined;
  neighbour.waiting = [];
  nic.neighbours.delete(keyOf(neighbour.address));
}

/** Sends the first `length` bytes of `tx`, an IP packet behind room for an Ethernet header. False: the link is full. */
export function sendTo(nic: Nic, neighbour: Neighbour, length: number): boolean {
  const { tx, link } = nic;
  const type = neighbour.address.length === 4 ? etherType.ipv4 : etherType.ipv6;
  const { mac } = neighbour;
  if (mac === undefined) {
    writeEthernet(tx, groupMac(neighbour.address), link.mac, type);
    return wait(nic, neighbour, tx.slice(0, length));
  }
  writeEthernet(tx, mac, link.mac, type);
  return sendWritten(nic, neighbour, length);
}

/** The same where the Ethernet header is written. */
export function sendWritten(nic: Nic, neighbour: Neighbour, length: number): boolean {
  if (neighbour.state === "reachable" && nic.now() - neighbour.confirmed > reachableMsecs)
    neighbour.state = "stale";
  if (neighbour.state === "stale") {
    neighbour.state = "delay";
    neighbour.probes = 0;
    nic.timers.set(neighbour.timer, nic.now() + delayFirstProbeMsecs);
  }
  return sendFrame(nic, length);
}

/** Sends the first `length` bytes of `tx`. */
export function sendFrame(nic: Nic, length: number): boolean {
  const taken = nic.link.sendFirst(nic.tx, length);
  if (taken) nic.counters.sent++;
  return taken;
}

function wait(nic: Nic, neighbour: Neighbour, frame: Uint8Array): boolean {
  if (neighbour.waiting.length >= waitingMax) neighbour.waiting.shift();
  neighbour.waiting.push(frame);
  if (neighbour.timer.at === Infinity && neighbour.state === "incomplete") {
    neighbour.probes = 1;
    nic.timers.set(neighbour.timer, nic.now() + retransMsecs);
    nic.solicit(neighbour, false);
  }
  return true;
}

/** What a neighbour says of itself: an ARP packet, a solicitation (`confirms` false), an advertisement. */
export function learn(nic: Nic, neighbour: Neighbour, mac: Mac, confirms: boolean): void {
  const changed = neighbour.mac === undefined || mac.some((byte, i) => byte !== neighbour.mac?.[i]);
  if (changed) neighbour.mac = mac.slice();
  if (confirms) confirm(nic, neighbour);
  else if (changed) {
    // RFC 4861, 7.2.3: told by the way, so not known to be reachable.
    neighbour.state = "stale";
    nic.timers.set(neighbour.timer, Infinity);
  }
  const { waiting } = neighbour;
  neighbour.waiting = [];
  for (const frame of waiting) {
    frame.set(neighbour.mac as Mac);
    if (nic.link.send(frame)) nic.counters.sent++;
  }
}

/** What was sent has arrived: an answer, or progress of a layer above (RFC 4861, 7.3.1). */
export function confirm(nic: Nic, neighbour: Neighbour): void {
  if (neighbour.mac === undefined || neighbour.state === "group") return;
  neighbour.confirmed = nic.now();
  if (neighbour.state === "reachable") return;
  neighbour.state = "reachable";
  nic.timers.set(neighbour.timer, Infinity);
}

function onTimer(nic: Nic, neighbour: Neighbour): void {
  if (neighbour.state === "delay") {
    neighbour.state = "probe";
    neighbour.probes = 0;
  }
  if (neighbour.probes >= maxSolicits) {
    nic.unreachable(neighbour);
    forget(nic, neighbour);
    return;
  }
  neighbour.probes++;
  nic.timers.set(neighbour.timer, nic.now() + retransMsecs);
  nic.solicit(neighbour, neighbour.state === "probe");
}
