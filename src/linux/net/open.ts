// Opens what a network attachment names, for a host process that moves its frames: a tap, a descriptor, an object; with
// its capture.
import { closeSync, openSync, writeSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import type { Clock, NetDevice } from "../../device/contract.js";
import { captured } from "../../device/pcap.js";
import type { AttachedNet } from "../../tender/attach.js";
import { adoptDescriptor, openTap } from "./tap.js";

/** What has to be undone when the unikernel has ended, in this order. */
export type Cleanup = (() => void)[];

/** The device behind a network attachment, with its capture. What is opened here is closed with the run. */
export function openNet(net: AttachedNet, clock: Clock, cleanup: Cleanup): NetDevice {
  const { source, dump, mtu } = net;
  let device: NetDevice;
  if (source.kind === "device") device = source.device;
  else {
    device = source.kind === "tap" ? openTap(source.interface) : adoptDescriptor(source.fd, mtu);
    cleanup.push(() => device.close());
  }
  if (dump === undefined) return device;
  let file: number;
  try {
    file = openSync(dump, "w");
  } catch (cause) {
    throw new Solo5Error("DUMP", `${dump}: Could not open: ${(cause as Error).message}`, { cause });
  }
  cleanup.push(() => closeSync(file));
  return captured(device, (data) => writeSync(file, data), clock);
}
