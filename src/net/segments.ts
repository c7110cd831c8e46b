// segment:NAME[/IP]: the Ethernet segments of this process that have names, and the hosts on them. One is there from its first
// port to its last.
import { ethernetMtu, forwarded, type NetDevice } from "./contract.js";
import type { NetMtu, OpenNet } from "./opener.js";
import { createPeer, parseIp } from "./peer.js";
import { netError, type NetScheme } from "./scheme.js";
import { createSegment, type Segment } from "./segment.js";
import type { SegmentSource } from "./source.js";

const prefix = "segment:";

export const segmentScheme: NetScheme<SegmentSource> = {
  form: `${prefix}NAME[/IP]`,
  help: [
    "the Ethernet segment NAME inside this process, with a host at IP that answers pings;",
    "it needs no root",
  ],
  parse(value) {
    if (!value.startsWith(prefix)) return undefined;
    const [, segment, peer] = /^([A-Za-z0-9]+)(?:\/(.+))?$/.exec(value.slice(prefix.length)) ?? [];
    if (segment === undefined) throw netError(value, `not of the form ${segmentScheme.form}`);
    if (peer !== undefined) parseIp(peer);
    return { kind: "segment", segment, peer };
  },
  format: ({ segment, peer }) => `${prefix}${segment}${peer === undefined ? "" : `/${peer}`}`,
};

interface Named {
  readonly segment: Segment;
  /** By address. */
  readonly peers: Map<string, NetDevice>;
  /** Ports of unikernels. */
  ports: number;
}
const named = new Map<string, Named>();

export const segmentMtu: NetMtu<SegmentSource> = ({ peer }) => {
  if (peer !== undefined) parseIp(peer);
  return ethernetMtu;
};

export const openSegment: OpenNet<SegmentSource> = ({ segment: name, peer }) => {
  const there: Named = named.get(name) ?? { segment: createSegment(), peers: new Map(), ports: 0 };
  if (peer !== undefined && !there.peers.has(peer)) {
    const port = there.segment.port();
    const number = there.peers.size + 1;
    createPeer(port, { ip: peer, mac: Uint8Array.of(2, 0, 0, 0, number >> 8, number) });
    there.peers.set(peer, port);
  }
  named.set(name, there);
  there.ports++;
  const port = there.segment.port();
  return forwarded(port, {
    close() {
      port.close();
      if (--there.ports > 0) return;
      named.delete(name);
      for (const peerPort of there.peers.values()) peerPort.close();
    },
  });
};
