// A host's side of IPv6 configuration: addresses without a server (RFC 4862), and what routers say (RFC 4861, 6.3).
import { allRouters, interfaceAddress, isLinkLocal, type Address } from "./address.js";
import { sendIcmp } from "./icmp-message.js";
import { macOption, ndHopLimit, ndOption, ndType } from "./nd.js";
import { learn, neighbourOf } from "./neighbour.js";
import { ownAddress, random, sourceFor, type Nic } from "./nic.js";
import { addAddress, scheduleExpiry, type OwnAddresses } from "./own-addresses.js";
import { sourceOf, type Packet } from "./packet.js";
import { readRouterAdvertisement, type RouterAdvertisement } from "./ra.js";
import { createTimer, type Timer } from "./timers.js";
import { concat, equal } from "./wire.js";

/** RFC 4861, 10. */
const [solicitations, solicitationMsecs] = [3, 4000];
const twoHoursMsecs = 7_200_000;
const infinite = 0xffffffff;
/** Of each kind that routers may have the stack remember. */
const listMax = 16;

export interface Autoconfiguration {
  readonly nic: Nic;
  readonly addresses: OwnAddresses;
  readonly soliciting: Timer;
  /** How often routers have been asked; as often as ever once one has spoken. */
  asked: number;
  readonly onAdvertisement: (advertisement: RouterAdvertisement) => void;
}

/** Makes a link-local address and asks for routers. */
export function autoconfigure(
  addresses: OwnAddresses,
  onAdvertisement: (advertisement: RouterAdvertisement) => void,
): Autoconfiguration {
  const { nic } = addresses;
  const auto: Autoconfiguration = {
    nic,
    addresses,
    soliciting: createTimer(() => solicit(auto)),
    asked: 0,
    onAdvertisement,
  };
  addresses.settled = ({ address }) => {
    if (auto.asked === 0 && isLinkLocal(address)) nic.timers.set(auto.soliciting, nic.now());
  };
  addAddress(addresses, interfaceAddress(nic.link.mac), 64);
  if (nic.own.some((own) => isLinkLocal(own.address) && !own.tentative))
    nic.timers.set(auto.soliciting, nic.now() + random(nic));
  return auto;
}

/** RFC 4861, 6.3.7. */
function solicit(auto: Autoconfiguration): void {
  const { nic, soliciting } = auto;
  if (auto.asked++ >= solicitations) return;
  const source = sourceFor(nic, allRouters);
  const head = Uint8Array.of(ndType.routerSolicitation, 0, 0, 0, 0, 0, 0, 0);
  const message = source === undefined ? head : concat(head, macOption(ndOption.sourceMac, nic.link.mac));
  sendIcmp(
    nic,
    { source: source ?? new Uint8Array(16), destination: allRouters, hopLimit: ndHopLimit },
    message,
  );
  nic.timers.set(soliciting, nic.now() + solicitationMsecs);
}

/** A router has spoken. */
export function takeAdvertisement(auto: Autoconfiguration, packet: Packet): void {
  const { nic } = auto;
  const said = readRouterAdvertisement(packet);
  if (said === undefined) return;
  nic.timers.set(auto.soliciting, Infinity);
  auto.asked = solicitations;
  learnRouter(nic, sourceOf(packet), said, packet);
  for (const prefix of said.prefixes) if (!isLinkLocal(prefix.address)) takePrefix(auto.addresses, prefix);
  auto.onAdvertisement(said);
}

function takePrefix(addresses: OwnAddresses, prefix: RouterAdvertisement["prefixes"][number]): void {
  const { nic } = addresses;
  const { address, length, onLink, autonomous, validLifetime, preferredLifetime } = prefix;
  const now = nic.now();
  const until = (secs: number): number => (secs === infinite ? Infinity : now + secs * 1000);
  const [valid, preferred] = [until(validLifetime), until(preferredLifetime)];
  if (onLink) setOnLink(nic, address, length, valid);
  // RFC 4862, 5.5.3: identifiers are of 64 bits.
  if (!autonomous || preferredLifetime > validLifetime || length !== 64) return;
  const made = interfaceAddress(nic.link.mac, address);
  const own = ownAddress(nic, made);
  if (own === undefined) {
    if (validLifetime > 0 && nic.own.length < listMax) addAddress(addresses, made, 64, { valid, preferred });
    return;
  }
  own.preferredUntil = preferred;
  // 5.5.3e: nobody shortens a life to less than two hours who has not signed.
  if (valid > own.validUntil || valid > now + twoHoursMsecs) own.validUntil = valid;
  else own.validUntil = Math.min(own.validUntil, now + twoHoursMsecs);
  scheduleExpiry(addresses);
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
