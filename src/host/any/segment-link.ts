// How a segment is shared with other processes: by a stream or by datagrams.
import type { LinkSegment } from "../../net/segments.js";
import { linkDatagrams } from "./datagram-link.js";
import { linkStream } from "./stream-link.js";

export const linkSegment: LinkSegment = (segment, address, failed) =>
  "local" in address ? linkDatagrams(segment, address, failed) : linkStream(segment, address, failed);
