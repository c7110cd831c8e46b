// What a user would type on Linux for what linux.ts does: ip(8), nft(8), sysctl(8).
import { addressed, filterName, formatPrefix, mark, networkOf, type AddRequest } from "./request.js";

const families = [
  { bytes: 4, name: "ip", forwarding: "net.ipv4.ip_forward" },
  { bytes: 16, name: "ip6", forwarding: "net.ipv6.conf.all.forwarding" },
] as const;

function natLines(request: AddRequest): readonly string[] {
  const name = addressed(request);
  const table = filterName(request.tap, "-");
  return families.flatMap((family) => {
    const networks = request.addresses.filter(({ address }) => address.length === family.bytes);
    if (networks.length === 0) return [];
    return [
      `sysctl -w ${family.forwarding}=1`,
      `nft add table ${family.name} ${table}`,
      `nft add chain ${family.name} ${table} postrouting '{ type nat hook postrouting priority 100; }'`,
      ...networks.map(
        (one) =>
          `nft add rule ${family.name} ${table} postrouting ${family.name} saddr ${formatPrefix(networkOf(one))} oifname != "${name}" masquerade`,
      ),
    ];
  });
}

export function addLines(request: AddRequest): readonly string[] {
  const { tap, user, mtu, addresses, bridge, nat } = request;
  const name = addressed(request);
  const describe = (one: string): string => `ip link set dev ${one} alias '${mark}'`;
  return [
    ...(bridge === undefined ? [] : [`ip link add name ${bridge} type bridge`, describe(bridge)]),
    `ip tuntap add dev ${tap} mode tap user ${user}`,
    describe(tap),
    ...(mtu === undefined ? [] : [`ip link set dev ${tap} mtu ${mtu}`]),
    ...(bridge === undefined ? [] : [`ip link set dev ${tap} master ${bridge}`]),
    ...new Set([`ip link set dev ${tap} up`, `ip link set dev ${name} up`]),
    ...addresses.map(
      (one) => `ip address add ${formatPrefix(one)} dev ${name}${one.address.length === 16 ? " nodad" : ""}`,
    ),
    ...(nat === undefined ? [] : natLines(request)),
  ];
}

/** Without NAT there are no tables, which nft then says. */
export const removeLines = (name: string): readonly string[] => [
  `ip link delete dev ${name}`,
  ...families.map((family) => `nft delete table ${family.name} ${filterName(name, "-")} 2>/dev/null`),
];
