// The networks that a command line names: segment:NAME[/IP], an Ethernet segment inside this process and the hosts on it.
import { Solo5Error } from "../bytes/error.js";
import { createPeer } from "../net/peer.js";
import { createSegment, type Segment } from "../net/segment.js";
import type { NetNames } from "../tender/request.js";

/** A segment is made when it is first named, and a peer of it when its address is. Throws Solo5Error `NET`, `ADDRESS`. */
export function segments(): NetNames {
  const known = new Map<string, Segment>();
  const peers = new Set<string>();
  return (value) => {
    if (!value.startsWith("segment:")) return undefined;
    const [, name, ip] = /^segment:([A-Za-z0-9]+)(?:\/(.+))?$/.exec(value) ?? [];
    if (name === undefined)
      throw new Solo5Error("NET", `Could not attach interface: ${value}: not of the form segment:NAME[/IP]`);
    const segment = known.get(name) ?? createSegment();
    known.set(name, segment);
    const peer = `${name}/${ip}`;
    if (ip !== undefined && !peers.has(peer)) {
      peers.add(peer);
      createPeer(segment.port(), { ip, mac: Uint8Array.of(2, 0, 0, 0, peers.size >> 8, peers.size) });
    }
    return { kind: "device", device: segment.port() };
  };
}
