// The kernel of this machine in a unikernel's place: a namespace whose only way out is a tap that leads to a network device of ours.
import { execFileSync } from "node:child_process";
import { join as joinDevices } from "../src/net/join.js";
import type { NetDevice } from "../src/net/contract.js";
import { descriptorDevice } from "../src/host/posix/net/descriptor-device.js";
import { watchedReader } from "../src/host/posix/net/poll.js";
import { openTap } from "../src/host/linux/net/tap.js";
import { createNamespace, type Namespace } from "./namespace.js";

/** Joins `device` to `tap0` of a new namespace. Needs root. Disposed, it leaves nothing. */
export function kernelGuest(device: NetDevice): Namespace {
  const namespace = createNamespace();
  const name = `s5-${process.pid % 1_000_000}`;
  const ip = (...args: readonly string[]): void => void execFileSync("ip", [...args], { stdio: "pipe" });
  ip("tuntap", "add", name, "mode", "tap");
  ip("link", "set", name, "mtu", `${device.mtu}`, "up");
  const { fd } = openTap(name);
  ip("link", "set", name, "netns", namespace.name, "name", "tap0");
  const tap = descriptorDevice({ fd, mtu: device.mtu }, watchedReader(fd));
  const part = joinDevices(device, tap);
  namespace.ip("link", "set", "tap0", "up");
  return {
    ...namespace,
    [Symbol.dispose]() {
      part();
      tap.close();
      namespace[Symbol.dispose]();
    },
  };
}
