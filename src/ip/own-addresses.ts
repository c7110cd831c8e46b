// The addresses that a stack has: given, tried for duplicates (RFC 4862, 5.4), and gone when their time is over.
import { allNodes, broadcastOf, type Address } from "./address.js";
import { announceArp } from "./arp.js";
import { advertise, probeAddress } from "./nd.js";
import { ownAddress, type Nic, type Own } from "./nic.js";
import { createTimer, type Timer } from "./timers.js";
import { equal } from "./wire.js";

/** RFC 4862, 5.1: one probe, a second of silence. */
const probeMsecs = 1000;

export interface OwnAddresses {
  readonly nic: Nic;
  /** Of the one that runs out first. */
  readonly expiry: Timer;
  changed: () => void;
  /** Nobody else has this one, which may be used from now on. */
  settled: (own: Own) => void;
}

export function createOwnAddresses(nic: Nic, changed: () => void): OwnAddresses {
  const all: OwnAddresses = { nic, expiry: createTimer(() => expire(all)), changed, settled: () => {} };
  return all;
}

export interface Lifetimes {
  readonly probe?: boolean;
  readonly valid?: number;
  readonly preferred?: number;
}

/** Gives the stack an address; one of IPv6 is probed first unless `probe` is false. */
export function addAddress(
  all: OwnAddresses,
  address: Address,
  length: number,
  { probe = true, valid = Infinity, preferred = Infinity }: Lifetimes = {},
): void {
  const { nic } = all;
  if (ownAddress(nic, address) !== undefined) return;
  const is6 = address.length === 16;
  const own: Own = {
    broadcast: is6 ? 0 : broadcastOf({ address, length }),
    address,
    length,
    tentative: is6 && probe,
    preferredUntil: preferred,
    validUntil: valid,
  };
  nic.own.push(own);
  scheduleExpiry(all);
  if (!own.tentative) {
    if (!is6) announceArp(nic, address);
    all.changed();
    return;
  }
  probeAddress(nic, address);
  const timer = createTimer(() => {
    if (nic.own.includes(own)) settle(all, own);
  });
  nic.timers.set(timer, nic.now() + probeMsecs);
}

export function removeAddress({ nic, changed }: OwnAddresses, address: Address): void {
  const index = nic.own.findIndex((own) => equal(own.address, address));
  if (index < 0) return;
  nic.own.splice(index, 1);
  changed();
}

/** Somebody else has it. One that is in use already is defended (RFC 4862, 5.4.5), as RFC 5227, 2.4 has it for IPv4. */
export function onDuplicate(all: OwnAddresses, own: Own): void {
  if (own.tentative) removeAddress(all, own.address);
}

function settle(all: OwnAddresses, own: Own): void {
  own.tentative = false;
  all.changed();
  advertise(all.nic, own.address, allNodes, own.address, 0x20);
  all.settled(own);
}

/** What has run out goes. */
function expire(all: OwnAddresses): void {
  const { own, now } = all.nic;
  const before = own.length;
  const kept = own.filter(({ validUntil }) => validUntil > now());
  own.splice(0, before, ...kept);
  if (kept.length !== before) all.changed();
  scheduleExpiry(all);
}

/** After `validUntil` of one has changed. */
export function scheduleExpiry({ nic, expiry }: OwnAddresses): void {
  const first = nic.own.reduce((least, { validUntil }) => Math.min(least, validUntil), Infinity);
  nic.timers.set(expiry, first);
}
