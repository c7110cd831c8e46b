// What a system has beyond what Node has on all of them. A new system is a folder beside this one that exports one `Host`, and
// a line in this-host.ts.
import type { BigIntStats } from "node:fs";
import type { NetMtu } from "../../net/opener.js";
import type { NetSource, SourceOf } from "../../net/source.js";

/** Networks whose frames the system's kernel moves. */
export type KernelNetKind = "tap" | "descriptor";

/** A descriptor that keeps frames whole and does not block. `mtu` in bytes. */
export interface FrameSource {
  readonly fd: number;
  readonly mtu: number;
}

export type KernelMtus = { readonly [K in KernelNetKind]: NetMtu<SourceOf<K>> };

export interface Host {
  /** A descriptor of the frames of `source`; undefined where the kernel does not move them. Throws Solo5Error `NET`. */
  openFrames(source: NetSource, mtu: number): FrameSource | undefined;
  readonly kernelMtus: KernelMtus;
  /** Size in bytes of a disk of the system's, for which stat says 0. Throws Error with the reason. */
  blockDeviceSize(stat: BigIntStats): bigint;
  /** The network interfaces; undefined where they cannot be told. */
  interfaces(): readonly string[] | undefined;
  /** The signals, by number and ascending, that this process was started with ignored: they stay so. */
  ignoredSignals(): readonly number[];
}
