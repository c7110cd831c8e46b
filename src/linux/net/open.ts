// Opens what a network attachment names, for a host process that moves its frames: a tap, a descriptor, an object; with
// its capture.
import { hostPath } from "../path.js";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Cleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import type { Clock } from "../../device/contract.js";
import type { NetDevice } from "../../net/contract.js";
import { captured } from "../../net/pcap.js";
import type { AttachedNet, NetSource } from "../../tender/attach.js";
import { reason } from "../errno.js";
import { frameDevice } from "./frame-device.js";
import { adoptDescriptor, openTap, type FrameSource } from "./tap.js";

/** The device behind a network attachment, with its capture. What is opened here is closed with the run. */
export function openNet(net: AttachedNet, clock: Clock, cleanup: Cleanup): NetDevice {
  const { source, dump, mtu } = net;
  let device: NetDevice;
  if (source.kind === "device") device = source.device;
  else {
    const frames = openFrames(source, mtu);
    device = frameDevice(frames.fd, frames.mtu);
    cleanup.push(() => device.close());
  }
  if (dump === undefined) return device;
  return captured(device, dumpSink({ fd: openDump(dump, cleanup), path: dump }), clock);
}

/** The descriptor behind a tap or an inherited descriptor. Throws Solo5Error `NET`. */
export const openFrames = (source: NetSource & { kind: "tap" | "descriptor" }, mtu: number): FrameSource =>
  source.kind === "tap" ? openTap(source.interface) : adoptDescriptor(source.fd, mtu);

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
      throw new Solo5Error("DUMP", `${path}: Could not write: ${reason(cause)}`, { cause });
    }
  };

/** The file of a capture. Throws Solo5Error `DUMP`. */
export function openDump(path: string, cleanup: Cleanup): number {
  try {
    const file = openSync(hostPath(path), "w");
    cleanup.push(() => closeSync(file));
    return file;
  } catch (cause) {
    throw new Solo5Error("DUMP", `${path}: Could not open: ${reason(cause)}`, { cause });
  }
}
