// A system of which nothing more is known than that Node runs there: macOS, Windows.
import { netError } from "../../net/scheme.js";
import { formatNet } from "../../net/schemes.js";
import type { NetSource } from "../../net/source.js";
import type { Host } from "./contract.js";

const needsLinux = (source: NetSource): never => {
  throw netError(
    formatNet(source),
    `taps and descriptors need Linux, and this is ${process.platform}; user and segments do not: see --help`,
  );
};

export const anyHost: Host = {
  openFrames: () => undefined,
  kernelMtus: { tap: needsLinux, descriptor: needsLinux },
  blockDeviceSize() {
    throw new Error(`the size of a disk cannot be told on ${process.platform}: make a file of it`);
  },
  interfaces: () => undefined,
  ignoredSignals: () => [],
};
