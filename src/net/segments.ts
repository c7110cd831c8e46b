// segment:NAME[/IP][@ADDRESS]: the Ethernet segments of this process that have names, the hosts on them, and where other
// processes join them. One is there from its first port to its last.
import { ethernetMtu, forwarded, type NetDevice } from "./contract.js";
import type { NetMtu, OpenNet } from "./opener.js";
import { createPeer, parseIp } from "./peer.js";
import { netError, type NetScheme } from "./scheme.js";
import { checkAt, formatAt, parseAt } from "./segment-address.js";
import { createSegment, type Segment } from "./segment.js";
import type { SegmentAddress, SegmentSource } from "./source.js";

const prefix = "segment:";

export const segmentScheme: NetScheme<SegmentSource> = {
  form: `${prefix}NAME[/IP][@ADDR]`,
  help: [
    "the Ethernet segment NAME inside this process, with a host at IP that answers pings; it needs",
    "no root. ADDR is where other processes and QEMU join it: unix:PATH, tcp:127.0.0.1:PORT, or",
    "tcp:IP:PORT,key=FILE between machines that have the same FILE (authentic, but not encrypted),",
    "or udp:IP:PORT,to=IP:PORT with one other, ,key=FILE as well",
  ],
  parse(value) {
    if (!value.startsWith(prefix)) return undefined;
    const [, segment, peer, where] =
      /^([A-Za-z0-9]+)(?:\/([^@]+))?(?:@(.+))?$/.exec(value.slice(prefix.length)) ?? [];
    if (segment === undefined) throw netError(value, `not of the form ${segmentScheme.form}`);
    if (peer !== undefined) parseIp(peer);
    const at = where === undefined ? undefined : parseAt(where);
    if (where !== undefined && at === undefined)
      throw netError(
        value,
        `${where} is none of unix:PATH, tcp:IP:PORT[,key=FILE][,insecure], udp:IP:PORT,to=IP:PORT[,key=FILE][,insecure]`,
      );
    if (at !== undefined) checkAt(at);
    return { kind: "segment", segment, peer, ...(at === undefined ? {} : { at }) };
  },
  format: ({ segment, peer, at }) =>
    `${prefix}${segment}${peer === undefined ? "" : `/${peer}`}${at === undefined ? "" : `@${formatAt(at)}`}`,
};

interface Named {
  readonly segment: Segment;
  readonly link: { close(): void } | undefined;
  /** By address. */
  readonly peers: Map<string, NetDevice>;
  /** Ports of unikernels. */
  ports: number;
}
const named = new Map<string, Named>();

export const segmentMtu: NetMtu<SegmentSource> = ({ peer, at }) => {
  if (at !== undefined) checkAt(at);
  if (peer !== undefined) parseIp(peer);
  return ethernetMtu;
};

/** How a host joins `segment` to those of other processes. `failed` gets what keeps it from that for good. */
export type LinkSegment = (
  segment: Segment,
  at: SegmentAddress,
  failed: (error: Error) => void,
) => { close(): void };

/** `reason` says why something failed as the host's other programs would. */
export const segmentOpener =
  (link: LinkSegment, reason: (cause: unknown) => string): OpenNet<SegmentSource> =>
  ({ segment: name, peer, at }, { failed }) => {
    const key = `${name}${at === undefined ? "" : `@${formatAt(at)}`}`;
    const there =
      named.get(key) ??
      create(at, link, (error, where) => failed(`segment ${name}: ${where}: ${reason(error)}`));
    named.set(key, there);
    if (peer !== undefined && !there.peers.has(peer)) {
      const port = there.segment.port();
      // Its own also among the peers of other processes.
      createPeer(port, { ip: peer, mac: Uint8Array.of(2, 0, ...parseIp(peer)) });
      there.peers.set(peer, port);
    }
    there.ports++;
    const port = there.segment.port();
    return forwarded(port, {
      close() {
        port.close();
        if (--there.ports > 0) return;
        named.delete(key);
        there.link?.close();
        for (const peerPort of there.peers.values()) peerPort.close();
      },
    });
  };

function create(
  at: SegmentAddress | undefined,
  link: LinkSegment,
  failed: (error: Error, where: string) => void,
): Named {
  const segment = createSegment();
  return {
    segment,
    link: at === undefined ? undefined : link(segment, at, (error) => failed(error, formatAt(at))),
    peers: new Map(),
    ports: 0,
  };
}
