// The system that this process runs on, and what attach asks of it. A new system is a folder and a line here.
import type { Host } from "./any/contract.js";
import { devicesOf, sealingDevicesOf } from "./any/host-devices.js";
import { anyHost } from "./any/host.js";
import { bsdHost } from "./bsd/host.js";
import { linuxHost } from "./linux/host.js";

const hosts: Readonly<Partial<Record<NodeJS.Platform, Host>>> = {
  linux: linuxHost,
  freebsd: bsdHost("freebsd"),
  openbsd: bsdHost("openbsd"),
};

export const thisHost: Host = hosts[process.platform] ?? anyHost;

export const hostDevices = devicesOf(thisHost);
export const sealingDevices = sealingDevicesOf(thisHost);
