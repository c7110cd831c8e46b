// FreeBSD and OpenBSD as hosts: taps, and what every system has.
import { netError } from "../../net/scheme.js";
import { formatNet } from "../../net/schemes.js";
import type { NetSource } from "../../net/source.js";
import type { Host } from "../any/contract.js";
import { anyHost } from "../any/host.js";
import { openTap, tapMtu, type BsdPlatform } from "./tap.js";

const needsLinux = (source: NetSource): never => {
  throw netError(
    formatNet(source),
    `descriptors need Linux, and this is ${process.platform}; taps, user and segments do not: see --help`,
  );
};

export const bsdHost = (platform: BsdPlatform): Host => ({
  ...anyHost,
  openFrames: (source) => (source.kind === "tap" ? openTap(platform, source.interface) : undefined),
  kernelMtus: { tap: ({ interface: name }) => tapMtu(platform, name), descriptor: needsLinux },
});
