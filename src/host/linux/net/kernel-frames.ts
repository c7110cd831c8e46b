// The networks whose frames the kernel moves, as this process opens them: sealed/kernel-nets.ts has the same as a sealed process does.
import type { NetKind, NetSource, SourceOf } from "../../../net/source.js";
import type { FrameSource } from "../../any/contract.js";
import { adoptDescriptor, openTap } from "./tap.js";

type OpenFrames<S extends NetSource> = (source: S, mtu: number) => FrameSource;

const openers: { readonly [K in NetKind]?: OpenFrames<SourceOf<K>> } = {
  tap: ({ interface: name }) => openTap(name),
  descriptor: ({ fd }, mtu) => adoptDescriptor(fd, mtu),
};

/** Opens `source` for this process; undefined where the kernel does not move its frames. Throws Solo5Error `NET`. */
export const openKernelFrames = (source: NetSource, mtu: number): FrameSource | undefined =>
  (openers[source.kind] as OpenFrames<NetSource> | undefined)?.(source, mtu);
