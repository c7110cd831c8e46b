// Network devices of a container: its interfaces, in order, or those that annotations name. Each belongs to one unikernel.
import { closeSync, readlinkSync } from "node:fs";
import type { Cleanup } from "../../bytes/cleanup.js";
import { hexText } from "../../bytes/hex.js";
import { formatAddress } from "../../ip/index.js";
import {
  defaultGateway,
  listAddresses,
  listInterfaces,
  type Interface,
} from "../../host/linux/netlink/interfaces.js";
import { openNetlink, protocol, type Netlink } from "../../host/linux/netlink/socket.js";
import { inNetworkNamespace, ownNetwork } from "../../host/linux/network-namespace.js";
import { configError } from "../config/check.js";
import type { Namespaces } from "../prologue/namespaces.js";
import { leadLocalhost } from "./localhost.js";
import { isOurTap, openTap, takeInterface, tapName } from "./redirection.js";

/** What a guest may be told of its network. */
export interface Addresses {
  /** With the length of the network's prefix. */
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly gateway?: string | undefined;
  readonly gateway6?: string | undefined;
  readonly macAddress?: string | undefined;
}

export interface Nic {
  /** The device's. */
  readonly name: string;
  readonly fd: number;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly addresses: Addresses;
}

interface Place {
  /** A process in the container's namespaces. */
  readonly pid: number;
  readonly namespaces: Namespaces;
  /** Called before an interface's frames are redirected. */
  readonly taking: (index: number) => void;
  /** Takes a line for the log. */
  readonly note: (line: string) => void;
}

/** Opens a network for each of the devices `names`. Throws Solo5Error. */
export function openNics(
  names: readonly string[],
  wishes: ReadonlyMap<string, string>,
  { pid, namespaces, ...calls }: Place,
  cleanup: Cleanup,
): readonly Nic[] {
  if (names.length === 0) return [];
  const path = `/proc/${pid}/ns/net`;
  // What the host's interfaces receive is the host's.
  const isHost =
    readlinkSync(path) === ownNetwork() ||
    !(namespaces.made.has("network") || namespaces.joined.some(({ type }) => type === "network"));
  return inNetworkNamespace(path, () => {
    using netlink = openNetlink(protocol.route);
    const taken = new Set<string>();
    return names.map((name) => {
      const found = choose(name, wishes.get(name), listInterfaces(netlink), taken, isHost);
      taken.add(found.name);
      const nic = open(netlink, name, found, isHost, calls);
      cleanup.push(() => closeSync(nic.fd));
      return nic;
    });
  });
}

const deviceError = (name: string, reason: string) =>
  configError("process.args", `device '${name}' of type NET_BASIC: ${reason}`);

function choose(
  name: string,
  wish: string | undefined,
  all: readonly Interface[],
  taken: ReadonlySet<string>,
  isHost: boolean,
): Interface {
  const own = `name one in org.solo5.net.${name}`;
  const isTaken = ({ name: one, index }: Interface): boolean =>
    taken.has(one) || all.some((other) => other.name === tapName(index));
  if (wish !== undefined) {
    const wished = all.find((one) => one.name === wish && !isOurTap(one.name));
    if (wished === undefined)
      throw deviceError(name, `there is no interface ${wish} in the network namespace`);
    if (isTaken(wished))
      throw deviceError(name, `the interface ${wish} belongs to another device or unikernel`);
    return wished;
  }
  if (isHost) throw deviceError(name, `the network is the host's: ${own}, which must be a tap`);
  const usable = all.filter(
    (one) => !one.isLoopback && one.isUp && one.mac.length === 6 && !isOurTap(one.name),
  );
  const free = usable.find((one) => !isTaken(one));
  if (free !== undefined) return free;
  throw deviceError(
    name,
    usable.length === 0
      ? "the network namespace has no interface"
      : `each interface of the network namespace belongs to another device or unikernel: give this one its own, such as a macvlan, and ${own}`,
  );
}

function open(
  netlink: Netlink,
  name: string,
  one: Interface,
  isHost: boolean,
  { taking, note }: Pick<Place, "taking" | "note">,
): Nic {
  const { index, mac, mtu } = one;
  const described = { name, mac, mtu, addresses: addressesOf(netlink, one) };
  if (one.kind === "tun") {
    // A tap that nobody has opened is for the unikernel itself; of one that somebody has the frames are redirected.
    const opened = openTap(one.name);
    // Its address is the host's side's.
    if ("fd" in opened) return { ...described, fd: opened.fd, mac: otherMac(mac) };
  }
  if (isHost) throw deviceError(name, `the network is the host's, and ${one.name} is no tap that is free`);
  taking(index);
  const opened = takeInterface(netlink, one);
  if ("reason" in opened) throw deviceError(name, `${one.name}: ${opened.reason}`);
  const reason = leadLocalhost(netlink, one);
  if (reason !== undefined)
    note(`localhost of the network namespace does not lead to the unikernel: ${reason}`);
  return { ...described, fd: opened.fd };
}

/** An address beside that of a tap's own end: local, and the same each time. */
function otherMac(mac: Uint8Array): Uint8Array {
  const other = mac.slice();
  other[0] = ((other[0] ?? 0) & 0xfe) | 2;
  other[5] = (other[5] ?? 0) ^ 1;
  return other;
}

function addressesOf(netlink: Netlink, { index, mac }: Interface): Addresses {
  const all = listAddresses(netlink, index);
  const of = (size: 4 | 16): string | undefined => {
    const found = all.find(({ address }) => address.length === size);
    return found === undefined ? undefined : `${formatAddress(found.address)}/${found.length}`;
  };
  const gateway = (size: 4 | 16): string | undefined => {
    const found = defaultGateway(netlink, index, size);
    return found === undefined ? undefined : formatAddress(found);
  };
  return {
    ipv4: of(4),
    ipv6: of(16),
    gateway: gateway(4),
    gateway6: gateway(16),
    macAddress: hexText(mac, ":"),
  };
}
