// Opens what a network attachment names, for a host process that moves its frames, with its capture.
import type { Cleanup } from "../../../bytes/cleanup.js";
import { borrowed, type NetDevice } from "../../../net/contract.js";
import { openNet, type NetContext, type NetOpeners, type OpenNet } from "../../../net/opener.js";
import { captured } from "../../../net/pcap.js";
import { segmentOpener } from "../../../net/segments.js";
import type { NetSource } from "../../../net/source.js";
import { userOpener } from "../../../net/user/user-net.js";
import type { AttachedNet } from "../../../tender/attach.js";
import { dumpSink, openDump } from "../capture-file.js";
import { linkSegment } from "../segment-link.js";
import { nodeSockets } from "../sockets.js";
import { systemErrorMessage } from "../system-error.js";

/** How a host opens each kind of network, of which `kernel` opens those whose frames the kernel moves. */
export const openersOf = (kernel: OpenNet<NetSource>): NetOpeners => ({
  tap: kernel,
  descriptor: kernel,
  segment: segmentOpener(linkSegment, systemErrorMessage),
  user: userOpener(nodeSockets(systemErrorMessage)),
  device: ({ device }) => borrowed(device),
});

/** What does not depend on the network. */
export type OpenContext = Omit<NetContext, "mtu">;

/** The device behind a network attachment, without its capture. What is opened here is closed with the run. */
export function openAttached(
  openers: NetOpeners,
  { source, mtu }: AttachedNet,
  context: OpenContext,
  cleanup: Cleanup,
): NetDevice {
  const device = openNet(openers, source, { ...context, mtu });
  cleanup.push(() => device.close());
  return device;
}

/** The same with its capture. Throws Solo5Error. */
export function openCaptured(
  openers: NetOpeners,
  net: AttachedNet,
  context: OpenContext,
  cleanup: Cleanup,
): NetDevice {
  const device = openAttached(openers, net, context, cleanup);
  const { dump } = net;
  if (dump === undefined) return device;
  return captured(device, dumpSink({ fd: openDump(dump, cleanup), path: dump }), context.clock);
}
