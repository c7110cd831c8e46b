// How this host opens networks: beside `this-host.ts`, since what only attaches does without.
import type { OpenNet } from "../net/opener.js";
import type { NetSource } from "../net/source.js";
import { openersOf } from "./any/net/open.js";
import { askedReader } from "./posix/net/asked-reader.js";
import { descriptorDevice } from "./posix/net/descriptor-device.js";
import { thisHost } from "./this-host.js";

const kernel: OpenNet<NetSource> = (source, { mtu }) => {
  const frames = thisHost.openFrames(source, mtu);
  if (frames === undefined) throw new RangeError(`the kernel moves no frames of a ${source.kind}`);
  return descriptorDevice(frames, askedReader(frames.fd));
};

export const netOpeners = openersOf(kernel);
