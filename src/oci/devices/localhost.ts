// localhost of a unikernel's network namespace, where port-forwards of managers connect: TCP to it leads to the unikernel, which has no
// other localhost. Its own address is the kernel's no more, but a neighbour's at the tap; who asks has an address there that the guest
// answers by its gateway.
import { writeFileSync } from "node:fs";
import { strerror } from "../../abi/linux/errno.js";
import { listAddresses, listInterfaces, type Interface } from "../../host/linux/netlink/interfaces.js";
import { newAddress } from "../../host/linux/netlink/links.js";
import {
  compared,
  loadMeta,
  loadPayload,
  loadValue,
  metaKey,
  operator,
  padName,
  removeTable,
  replaceTable,
  setMeta,
  translate,
  type TableChain,
} from "../../host/linux/netlink/nftables.js";
import { passFor } from "../../host/linux/netlink/redirect.js";
import { deleteRoute, newNeighbour, newRoute } from "../../host/linux/netlink/routes.js";
import { openNetlink, protocol, type Netlink } from "../../host/linux/netlink/socket.js";
import { tapName } from "./redirection.js";

/** The interface's IPv4 addresses. */
const addressesOf = (netlink: Netlink, index: number): readonly Uint8Array[] =>
  listAddresses(netlink, index).flatMap(({ address }) => (address.length === 4 ? [address] : []));

/**
 * What the kernel is called at the tap: of the block for benchmarks, RFC 2544, which no network has otherwise. Link-local
 * addresses, as RFC 3927 has it, a guest does not answer by its gateway.
 */
const askerOf = (index: number): Uint8Array => Uint8Array.of(198, 18, 83, 1 + (index % 254));

const ip = { protocol: 9, sender: 12, receiver: 16 } as const;
const tcp = Uint8Array.of(6);
const loopback = Uint8Array.of(127);
const byte = (offset: number, value: Uint8Array): readonly Uint8Array[] => [
  loadPayload(offset, value.length),
  compared(operator.equal, value),
];

/** Both ways of a connection: to the guest, from an address that it can answer to. */
const natChains = (tap: string, guest: Uint8Array, asker: Uint8Array): readonly TableChain[] => [
  {
    name: "output",
    kind: "nat",
    hook: 3,
    priority: -100,
    rules: [[...byte(ip.receiver, loopback), ...byte(ip.protocol, tcp), loadValue(guest), translate("receiver")]],
  },
  {
    name: "postrouting",
    kind: "nat",
    hook: 4,
    priority: 100,
    rules: [
      [
        loadMeta(metaKey.outName),
        compared(operator.equal, padName(tap)),
        ...byte(ip.sender, loopback),
        loadValue(asker),
        translate("sender"),
      ],
    ],
  },
]; // prettier-ignore

/** What the guest sends to the gateway's hardware address is for this host nevertheless. */
const answers = (tap: string, asker: Uint8Array): TableChain => ({
  name: "ingress",
  kind: "filter",
  hook: 0,
  priority: 0,
  device: tap,
  rules: [
    [
      loadMeta(metaKey.protocol),
      compared(operator.equal, Uint8Array.of(8, 0)),
      ...byte(ip.receiver, asker),
      loadValue(new Uint8Array(4)),
      setMeta(metaKey.packetType),
    ],
  ],
});

/** Leads it to the guest at the tap of `one`, whose namespace this thread is in; why that cannot be, or nothing. */
export function leadLocalhost(netlink: Netlink, one: Interface): string | undefined {
  const [guest] = addressesOf(netlink, one.index);
  const name = tapName(one.index);
  const tap = listInterfaces(netlink).find((each) => each.name === name);
  if (guest === undefined || tap === undefined) return "the interface has no IPv4 address";
  const asker = askerOf(one.index);
  try {
    for (const file of ["route_localnet", "accept_local"])
      writeFileSync(`/proc/sys/net/ipv4/conf/${name}/${file}`, "1");
  } catch (cause) {
    return (cause as Error).message;
  }
  using filter = openNetlink(protocol.netfilter);
  const missing = 3;
  const steps = [
    () => netlink.ask(newAddress(tap.index, { address: asker, length: 32 })).errno,
    () => passFor(netlink, tap.index, asker),
    () => replaceTable(filter, "netdev", name, [answers(name, asker)]),
    () => replaceTable(filter, 4, name, natChains(name, guest, asker)),
    () => {
      const { errno } = netlink.ask(deleteRoute("local", one.index, guest));
      return errno === missing ? 0 : errno;
    },
    () => netlink.ask(newRoute("main", tap.index, guest, asker)).errno,
    () => netlink.ask(newNeighbour(tap.index, guest, one.mac)).errno,
  ];
  for (const step of steps) {
    const errno = step();
    if (errno === 0) continue;
    giveLocalhostBack(netlink, one.index);
    return strerror(errno);
  }
  return undefined;
}

/** The namespace's localhost, and the interface's address, are the kernel's again. */
export function giveLocalhostBack(netlink: Netlink, index: number): void {
  using filter = openNetlink(protocol.netfilter);
  removeTable(filter, 4, tapName(index));
  removeTable(filter, "netdev", tapName(index));
  for (const address of addressesOf(netlink, index)) netlink.ask(newRoute("local", index, address));
}
