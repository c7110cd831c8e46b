// Taps and descriptors of Linux: their MTUs before a run, and their devices for a process that moves the frames itself.
import { errorText } from "../../../abi/errno.js";
import { ethernetMtu } from "../../../net/contract.js";
import type { NetMtu, OpenNet } from "../../../net/opener.js";
import { netError } from "../../../net/scheme.js";
import { formatNet } from "../../../net/schemes.js";
import type { DescriptorSource, NetSource, TapSource } from "../../../net/source.js";
import type { Host, KernelNets } from "../../any/contract.js";
import { systemErrorMessage } from "../../any/system-error.js";
import { hasLibc } from "../../posix/libc.js";
import { descriptorDevice } from "../../posix/net/descriptor-device.js";
import { frameDescriptor } from "./descriptor.js";
import { openKernelFrames } from "./kernel-frames.js";
import { askedReader } from "../../posix/net/asked-reader.js";
import { queryInterface, tryTap } from "./tap.js";

/** The MTU of an interface, where there is a way to ask. */
const mtuOf = (name: string): number => (hasLibc() ? queryInterface(name).mtu : ethernetMtu);

const tapMtu =
  (interfaces: Host["interfaces"]): NetMtu<TapSource> =>
  ({ interface: name }) => {
    if (interfaces()?.includes(name) === false) throw netError(name, errorText("ENOENT"));
    if (hasLibc()) tryTap(name);
    return mtuOf(name);
  };

const descriptorMtu: NetMtu<DescriptorSource> = (source) => {
  const name = formatNet(source);
  let found;
  try {
    found = frameDescriptor(source.fd);
  } catch (cause) {
    throw netError(name, systemErrorMessage(cause), cause);
  }
  if (found === undefined) throw netError(name, "neither a tap nor a socket that keeps frames whole");
  return found.kind === "tap" ? mtuOf(found.name) : ethernetMtu;
};

const open: OpenNet<NetSource> = (source, { mtu }) => {
  const frames = openKernelFrames(source, mtu);
  if (frames === undefined) throw new RangeError(`the kernel moves no frames of a ${source.kind}`);
  return descriptorDevice(frames, askedReader(frames.fd));
};

export const kernelNets = (interfaces: Host["interfaces"]): KernelNets => ({
  tap: { mtu: tapMtu(interfaces), open },
  descriptor: { mtu: descriptorMtu, open },
});
