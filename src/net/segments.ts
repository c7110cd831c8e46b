// segment:NAME[/IP][@ADDRESS]: the Ethernet segments of this process that have names, the hosts on them, and where other
// processes join them. One is there from its first port to its last.
import { ethernetMtu, forwarded, type NetDevice } from "./contract.js";
import type { NetMtu, OpenNet } from "./opener.js";
import { createPeer, parseIp } from "./peer.js";
import { netError, type NetScheme } from "./scheme.js";
import { createSegment, type Segment } from "./segment.js";
import type { SegmentAddress, SegmentSource } from "./source.js";

const prefix = "segment:";

/** `unix:PATH`, or what is a path by its looks, or `tcp:ADDRESS:PORT`. Only this host may join: nothing says who it is. */
function parseAt(text: string): SegmentAddress | undefined {
  const path = /^(?:unix:(.+)|([./].*))$/.exec(text);
  if (path !== null) return { path: path[1] ?? path[2] ?? "" };
  const [, host, port] = /^tcp:(127\.\d+\.\d+\.\d+|\[::1\]):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

const formatAt = (at: SegmentAddress): string => {
  if ("path" in at) return `unix:${at.path}`;
  return `tcp:${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
};

export const segmentScheme: NetScheme<SegmentSource> = {
  form: `${prefix}NAME[/IP][@ADDR]`,
  help: [
    "the Ethernet segment NAME inside this process, with a host at IP that answers pings; it needs",
    "no root. ADDR, unix:PATH or tcp:127.0.0.1:PORT, is where other processes and QEMU join it",
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
        `${where} is neither unix:PATH nor tcp:127.0.0.1:PORT: a segment is shared on this host only`,
      );
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

export const segmentMtu: NetMtu<SegmentSource> = ({ peer }) => {
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
