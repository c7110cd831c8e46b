// The networks that a page or a worker has: what is in this process.
import { borrowed } from "../net/contract.js";
import type { NetMtus, NetOpeners } from "../net/opener.js";
import { netError } from "../net/scheme.js";
import { formatNet } from "../net/schemes.js";
import { openSegment, segmentMtu } from "../net/segments.js";
import type { NetSource } from "../net/source.js";

const noInterface = (source: NetSource): never => {
  throw netError(formatNet(source), "a page has no interfaces; attach a segment's port");
};

export const pageMtus: NetMtus = {
  tap: noInterface,
  descriptor: noInterface,
  segment: segmentMtu,
  device: ({ device }) => device.mtu,
};

export const pageOpeners: NetOpeners = {
  tap: noInterface,
  descriptor: noInterface,
  segment: openSegment,
  device: ({ device }) => borrowed(device),
};
