// Routes and neighbours of IPv4 that are one address each. rtnetlink(7); linux/rtnetlink.h, linux/neighbour.h.
import { encode, i32, struct, u16, u8 } from "../../../bytes/struct.js";
import { route } from "./interfaces.js";
import { attribute, join, messageFlag, word, type Request } from "./message.js";

const type = { newRoute: 24, deleteRoute: 25, newNeighbour: 28 } as const;
const routeOf = { destination: 1, interface: 4, preferredSource: 7 } as const;
const neighbour = struct(12, {
  family: u8,
  pad1: u8,
  pad2: u16,
  index: i32,
  state: u16,
  flags: u8,
  type: u8,
});
const neighbourOf = { address: 1, linkAddress: 2 } as const;
const ask = messageFlag.request | messageFlag.ack;
const make = ask | messageFlag.create | messageFlag.replace;
const ipv4 = 2;
const permanent = 0x80;
const table = { main: 254, local: 255 } as const;
const scope = { link: 253, host: 254 } as const;
const kind = { unicast: 1, local: 2 } as const;
const protocol = { kernel: 2, static: 4 } as const;

type Place = "main" | "local";

/** `main`: the address is at the other end of the interface's link; `local`: it is this host's, as the kernel itself has it. */
function body(place: Place, index: number, address: Uint8Array, source: Uint8Array): Uint8Array {
  const isLocal = place === "local";
  const head = {
    family: ipv4,
    destinationLength: 32,
    sourceLength: 0,
    tos: 0,
    table: table[place],
    protocol: isLocal ? protocol.kernel : protocol.static,
    scope: isLocal ? scope.host : scope.link,
    type: isLocal ? kind.local : kind.unicast,
    flags: 0,
  };
  return join([
    encode(route, head),
    attribute(routeOf.destination, address),
    word(routeOf.interface, index),
    attribute(routeOf.preferredSource, source),
  ]);
}

export const newRoute = (place: Place, index: number, address: Uint8Array, source = address): Request => ({
  type: type.newRoute,
  flags: make,
  body: body(place, index, address, source),
});

export const deleteRoute = (place: Place, index: number, address: Uint8Array, source = address): Request => ({
  type: type.deleteRoute,
  flags: ask,
  body: body(place, index, address, source),
});

/** Who has an address on a link is known, and not asked for. */
export const newNeighbour = (index: number, address: Uint8Array, mac: Uint8Array): Request => ({
  type: type.newNeighbour,
  flags: make,
  body: join([
    encode(neighbour, { family: ipv4, pad1: 0, pad2: 0, index, state: permanent, flags: 0, type: 0 }),
    attribute(neighbourOf.address, address),
    attribute(neighbourOf.linkAddress, mac),
  ]),
});
