// What can be behind a unikernel's network device, as data: checked when it is read, opened when the unikernel runs.
import type { NetDevice } from "./contract.js";
import type { UserSource } from "./user/source.js";

/** A tap of the host that exists and is up. */
export interface TapSource {
  readonly kind: "tap";
  readonly interface: string;
}

/** A descriptor that this process inherited and that keeps frames whole. */
export interface DescriptorSource {
  readonly kind: "descriptor";
  readonly fd: number;
}

/** An address and a port of TCP or UDP. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A stream of frames, as QEMU's `-netdev stream` has it: who comes first listens, all others connect. */
export type StreamAddress =
  | { readonly path: string }
  | (HostPort & {
      /** A file with the key that all who join have; nothing is encrypted. Without one only this host may join. */
      readonly keyFile?: string | undefined;
      /** Without a key, anybody on the network may join. */
      readonly insecure?: boolean | undefined;
    });

/** A datagram a frame between two, as QEMU's `-netdev dgram` has it. */
export interface DatagramAddress {
  readonly local: HostPort;
  readonly remote: HostPort;
  /** A file with the key that both have, in a format of our own; nothing is encrypted. */
  readonly keyFile?: string | undefined;
  /** Without a key the other side may be on a network, where others can send as if they were it. */
  readonly insecure?: boolean | undefined;
}

/** Where a segment is shared with other processes, QEMU among them: a UNIX socket, a TCP port, or two of UDP. */
export type SegmentAddress = StreamAddress | DatagramAddress;

/** A port of the segment of this name, which every unikernel of this process that names it shares. */
export interface SegmentSource {
  readonly kind: "segment";
  readonly segment: string;
  /** Dotted quad of a host on the segment that answers pings; none where absent. */
  readonly peer?: string | undefined;
  /** Nobody else's where absent. */
  readonly at?: SegmentAddress | undefined;
}

/** An object: a port of a segment of the caller's, a device of their own. */
export interface DeviceSource {
  readonly kind: "device";
  readonly device: NetDevice;
}

/** What backs a network device. */
export type NetSource = TapSource | DescriptorSource | SegmentSource | UserSource | DeviceSource;
export type NetKind = NetSource["kind"];
export type SourceOf<K extends NetKind> = Extract<NetSource, { readonly kind: K }>;
