// The MTUs of Linux's taps and descriptors, before a run.
import { errorText } from "../../../abi/errno.js";
import { ethernetMtu } from "../../../net/contract.js";
import type { NetMtu } from "../../../net/opener.js";
import { netError } from "../../../net/scheme.js";
import { formatNet } from "../../../net/schemes.js";
import type { DescriptorSource, TapSource } from "../../../net/source.js";
import type { Host, KernelMtus } from "../../any/contract.js";
import { systemErrorMessage } from "../../any/system-error.js";
import { hasLibc } from "../../posix/libc.js";
import { frameDescriptor } from "./descriptor.js";
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

export const kernelMtus = (interfaces: Host["interfaces"]): KernelMtus => ({
  tap: tapMtu(interfaces),
  descriptor: descriptorMtu,
});
