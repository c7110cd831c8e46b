// The networks whose frames the kernel moves: a unikernel that is a process, or a virtual CPU's thread, has a descriptor of
// them. All others live in the process that opens them, which relays their frames. How that process opens them is in kernel-frames.ts: a page, which seals, opens none.
import type { NetKind, NetSource, SourceOf } from "../net/source.js";
import type { AttachedNet, Plan } from "../tender/attach.js";
import type { ForetoldDescriptors } from "./launch/descriptors.js";
import { launchDescriptor, launchTap } from "./launch/net-steps.js";
import type { Opened } from "./launch/step.js";

interface KernelNet<S extends NetSource> {
  /** Opens it for a sealed unikernel. */
  launch(source: S, handle: number, descriptors: ForetoldDescriptors): Opened;
  /** The descriptor that must be open already. */
  inherited?(source: S): number;
}

const kernelNets: { readonly [K in NetKind]?: KernelNet<SourceOf<K>> } = {
  tap: {
    launch: ({ interface: name }, handle, descriptors) => launchTap(name, handle, descriptors),
  },
  descriptor: {
    launch: ({ fd }) => launchDescriptor(fd),
    inherited: ({ fd }) => fd,
  },
};

/** The row of `source`, where the kernel moves its frames. */
export const kernelNet = ({ kind }: NetSource): KernelNet<NetSource> | undefined =>
  kernelNets[kind] as KernelNet<NetSource> | undefined;

/** Whether this process must relay the frames of `net`: also those that it is to capture. */
export const isHosted = ({ source, dump }: AttachedNet): boolean =>
  dump !== undefined || kernelNet(source) === undefined;

/** The first network device whose frames this process must relay. */
export const hostedNet = (devices: Plan["devices"]): string | undefined =>
  devices.find((device) => device.type === "NET_BASIC" && isHosted(device))?.name;

/** The descriptors that a unikernel which runs as a process gets from its parent, under the same numbers. */
export const inheritedDescriptors = (devices: Plan["devices"]): readonly number[] =>
  devices.flatMap((device) => {
    if (device.type !== "NET_BASIC") return [];
    const fd = kernelNet(device.source)?.inherited?.(device.source);
    return fd === undefined ? [] : [fd];
  });
