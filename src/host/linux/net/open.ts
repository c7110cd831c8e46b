// Opens what a network attachment names, for a host process that moves its frames, with its capture.
import { nodeSockets } from "../../any/sockets.js";
import { linkSegment } from "../../any/segment-link.js";
import { hostPath } from "../../any/path.js";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Cleanup } from "../../../bytes/cleanup.js";
import { Solo5Error } from "../../../bytes/error.js";
import { borrowed, type NetDevice } from "../../../net/contract.js";
import { openNet, type NetContext, type NetOpeners, type OpenNet } from "../../../net/opener.js";
import { captured } from "../../../net/pcap.js";
import { segmentOpener } from "../../../net/segments.js";
import { userOpener } from "../../../net/user/user-net.js";
import type { NetSource } from "../../../net/source.js";
import type { AttachedNet } from "../../../tender/attach.js";
import { systemErrorMessage } from "../../any/system-error.js";
import { descriptorDevice } from "./descriptor-device.js";
import { openKernelFrames } from "./kernel-frames.js";
import { watchedReader } from "./poll.js";

/** The device on a network of the kernel's. */
const openKernelNet: OpenNet<NetSource> = (source, { mtu }) => {
  const frames = openKernelFrames(source, mtu);
  if (frames === undefined) throw new RangeError(`the kernel moves no frames of a ${source.kind}`);
  return descriptorDevice(frames, watchedReader(frames.fd));
};

const openers: NetOpeners = {
  tap: openKernelNet,
  descriptor: openKernelNet,
  segment: segmentOpener(linkSegment, systemErrorMessage),
  user: userOpener(nodeSockets(systemErrorMessage)),
  device: ({ device }) => borrowed(device),
};

/** What does not depend on the network. */
export type OpenContext = Omit<NetContext, "mtu">;

/** The device behind a network attachment, without its capture. What is opened here is closed with the run. */
export function openAttached(
  { source, mtu }: AttachedNet,
  context: OpenContext,
  cleanup: Cleanup,
): NetDevice {
  const device = openNet(openers, source, { ...context, mtu });
  cleanup.push(() => device.close());
  return device;
}

/** The same with its capture. Throws Solo5Error. */
export function openCaptured(net: AttachedNet, context: OpenContext, cleanup: Cleanup): NetDevice {
  const device = openAttached(net, context, cleanup);
  const { dump } = net;
  if (dump === undefined) return device;
  return captured(device, dumpSink({ fd: openDump(dump, cleanup), path: dump }), context.clock);
}

/** An open capture, with the name that messages call it. */
export interface Dump {
  readonly fd: number;
  readonly path: string;
}

/** Writes to a capture. Throws Solo5Error `DUMP`. */
export const dumpSink =
  ({ fd, path }: Dump) =>
  (data: Uint8Array): void => {
    try {
      for (let at = 0; at < data.length;) at += writeSync(fd, data, at);
    } catch (cause) {
      throw new Solo5Error("DUMP", `${path}: Could not write: ${systemErrorMessage(cause)}`, { cause });
    }
  };

/** The file of a capture. Throws Solo5Error `DUMP`. */
export function openDump(path: string, cleanup: Cleanup): number {
  try {
    const file = openSync(hostPath(path), "w");
    cleanup.push(() => closeSync(file));
    return file;
  } catch (cause) {
    throw new Solo5Error("DUMP", `${path}: Could not open: ${systemErrorMessage(cause)}`, { cause });
  }
}
