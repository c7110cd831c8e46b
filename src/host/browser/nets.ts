// The networks that a page or a worker has: what is in this process.
import { borrowed } from "../../net/contract.js";
import type { NetMtus, NetOpeners } from "../../net/opener.js";
import { netError } from "../../net/scheme.js";
import { formatNet } from "../../net/schemes.js";
import { segmentMtu, segmentOpener } from "../../net/segments.js";
import type { NetSource } from "../../net/source.js";

const noInterface = (source: NetSource): never => {
  throw netError(
    formatNet(source),
    "a page has no interfaces and no sockets; attach a segment's port, or createUserNet's device",
  );
};

/** `pageMtus` has refused it. */
const noSockets = (): never => {
  throw new RangeError("a page has no sockets");
};

export const pageMtus: NetMtus = {
  tap: noInterface,
  descriptor: noInterface,
  segment: (source) => (source.at === undefined ? segmentMtu(source) : noInterface(source)),
  user: noInterface,
  device: ({ device }) => device.mtu,
};

export const pageOpeners: NetOpeners = {
  tap: noInterface,
  descriptor: noInterface,
  segment: segmentOpener(noSockets, String),
  user: noInterface,
  device: ({ device }) => borrowed(device),
};
