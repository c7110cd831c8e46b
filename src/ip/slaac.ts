// A host's side of IPv6 configuration: addresses without a server (RFC 4862), and what routers say (RFC 4861, 6.3).
import { allNodes, allRouters, broadcastOf, interfaceAddress, isLinkLocal, type Address } from "./address.js";
import { announceArp } from "./arp.js";
import { sendIcmp } from "./icmp.js";
import { advertise, macOption, ndHopLimit, ndOption, ndType, probeAddress } from "./nd.js";
import { learn, neighbourOf } from "./neighbour.js";
import { ownAddress, random, sourceFor, type Nic, type Own } from "./nic.js";
import { sourceOf, type Packet } from "./packet.js";
import { readRouterAdvertisement, type RouterAdvertisement } from "./ra.js";
import { createTimer } from "./timers.js";
import { concat, equal } from "./wire.js";

/** RFC 4861, 10; RFC 4862, 5.1: one probe, a second of silence. */
const [solicitations, solicitationMsecs, probeMsecs] = [3, 4000, 1000];
const twoHoursMsecs = 7_200_000;
const infinite = 0xffffffff;
/** Of each kind that routers may have the stack remember. */
const listMax = 16;

export interface Addresses {
  /** Gives the stack an address; one of IPv6 is probed first unless `probe` is false. */
  add(
    address: Address,
    length: number,
    options?: { readonly probe?: boolean; readonly valid?: number; readonly preferred?: number },
  ): void;
  remove(address: Address): void;
  /** Somebody else has an address that was being tried. */
  duplicate(own: Own): void;
  /** Makes a link-local address and asks for routers. */
  autoconfigure(): void;
  advertisement(packet: Packet): void;
  /** The addresses have changed. */
  changed: (() => void) | undefined;
  /** A router has spoken. */
  onAdvertisement: ((advertisement: RouterAdvertisement) => void) | undefined;
}

export function createAddresses(nic: Nic): Addresses {
  let auto = false;
  let asked = 0;
  const now = (): number => nic.now();

  /** What has run out goes. */
  const expiry = createTimer(() => {
    const before = nic.own.length;
    const kept = nic.own.filter(({ validUntil }) => validUntil > now());
    nic.own.splice(0, before, ...kept);
    if (kept.length !== before) addresses.changed?.();
    schedule();
  });
  const schedule = (): void =>
    nic.timers.set(
      expiry,
      nic.own.reduce((first, { validUntil }) => Math.min(first, validUntil), Infinity),
    );

  /** RFC 4861, 6.3.7. */
  const soliciting = createTimer(() => {
    if (asked++ >= solicitations) return;
    const source = sourceFor(nic, allRouters);
    const head = Uint8Array.of(ndType.routerSolicitation, 0, 0, 0, 0, 0, 0, 0);
    const message = source === undefined ? head : concat(head, macOption(ndOption.sourceMac, nic.link.mac));
    sendIcmp(
      nic,
      { source: source ?? new Uint8Array(16), destination: allRouters, hopLimit: ndHopLimit },
      message,
    );
    nic.timers.set(soliciting, now() + solicitationMsecs);
  });

  const settle = (own: Own): void => {
    own.tentative = false;
    addresses.changed?.();
    advertise(nic, own.address, allNodes, own.address, 0x20);
    if (auto && asked === 0 && isLinkLocal(own.address)) nic.timers.set(soliciting, now());
  };

  const addresses: Addresses = {
    changed: undefined,
    onAdvertisement: undefined,
    add(address, length, { probe = true, valid = Infinity, preferred = Infinity } = {}) {
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
      schedule();
      if (!own.tentative) {
        if (!is6) announceArp(nic, address);
        addresses.changed?.();
        return;
      }
      probeAddress(nic, address);
      const timer = createTimer(() => {
        if (nic.own.includes(own)) settle(own);
      });
      nic.timers.set(timer, now() + probeMsecs);
    },
    remove(address) {
      const index = nic.own.findIndex((own) => equal(own.address, address));
      if (index < 0) return;
      nic.own.splice(index, 1);
      addresses.changed?.();
    },
    duplicate(own) {
      // RFC 4862, 5.4.5. One that is in use already is defended, as RFC 5227, 2.4 has it for IPv4.
      if (own.tentative) addresses.remove(own.address);
    },
    autoconfigure() {
      auto = true;
      addresses.add(interfaceAddress(nic.link.mac), 64);
      if (nic.own.some((own) => isLinkLocal(own.address) && !own.tentative))
        nic.timers.set(soliciting, now() + random(nic));
    },
    advertisement(packet) {
      const said = auto ? readRouterAdvertisement(packet) : undefined;
      if (said === undefined) return;
      nic.timers.set(soliciting, Infinity);
      asked = solicitations;
      const router = sourceOf(packet);
      learnRouter(nic, router, said, packet);
      for (const { address, length, onLink, autonomous, validLifetime, preferredLifetime } of said.prefixes) {
        if (isLinkLocal(address)) continue;
        const until = (secs: number): number => (secs === infinite ? Infinity : now() + secs * 1000);
        if (onLink) setOnLink(nic, address, length, until(validLifetime));
        // RFC 4862, 5.5.3: identifiers are of 64 bits.
        if (!autonomous || preferredLifetime > validLifetime || length !== 64) continue;
        const own = ownAddress(nic, interfaceAddress(nic.link.mac, address));
        if (own === undefined) {
          if (validLifetime > 0 && nic.own.length < listMax)
            addresses.add(interfaceAddress(nic.link.mac, address), 64, {
              valid: until(validLifetime),
              preferred: until(preferredLifetime),
            });
          continue;
        }
        own.preferredUntil = until(preferredLifetime);
        // 5.5.3e: nobody shortens a life to less than two hours who has not signed.
        const valid = until(validLifetime);
        if (valid > own.validUntil || valid > now() + twoHoursMsecs) own.validUntil = valid;
        else own.validUntil = Math.min(own.validUntil, now() + twoHoursMsecs);
        schedule();
      }
      addresses.onAdvertisement?.(said);
    },
  };
  return addresses;
}

/** RFC 4861, 6.3.4. */
function learnRouter(nic: Nic, router: Address, said: RouterAdvertisement, packet: Packet): void {
  const until = nic.now() + said.lifetime * 1000;
  const known = nic.routers.find(({ address }) => equal(address, router));
  if (known !== undefined) known.until = until;
  else if (said.lifetime > 0 && nic.routers.length < listMax) nic.routers.push({ address: router, until });
  if (said.hopLimit !== 0) nic.hopLimit = said.hopLimit;
  if (said.mtu !== undefined && said.mtu >= 1280 && said.mtu <= nic.link.mtu) nic.mtu6 = said.mtu;
  const neighbour = neighbourOf(nic, router);
  neighbour.isRouter = true;
  if (neighbour.mac === undefined) learn(nic, neighbour, packet.frame.slice(6, 12), false);
}

function setOnLink(nic: Nic, address: Address, length: number, until: number): void {
  const known = nic.onLink.find((prefix) => prefix.length === length && equal(prefix.address, address));
  if (known !== undefined) known.until = until;
  else if (nic.onLink.length < listMax) nic.onLink.push({ address, length, until });
}
