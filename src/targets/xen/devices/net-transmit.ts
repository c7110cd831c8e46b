// Frames that a domain sends: pieces of pages that it has granted. Xen's public header io/netif.h; docs/abi.md 11.7.
import { netFlag, netSlotMax, netStatus, netTxRequest, netTxResponse } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { encode, u8, type ValueOf } from "../../../bytes/struct.js";
import type { Grants } from "./grants.js";
import type { BackRing } from "./ring.js";

type Request = ValueOf<typeof netTxRequest>;

/** An extra request says so of the next one. */
const moreExtras = 1;
const extraFlagsAt = 1;

/** The bytes of a frame, of which the first request has the size of all; undefined where a piece is none. */
function gather(requests: readonly Request[], grants: Grants): Uint8Array | undefined {
  const [first, ...rest] = requests;
  if (first === undefined) return undefined;
  const own = first.size - rest.reduce((sum, { size }) => sum + size, 0);
  const frame = new Uint8Array(first.size);
  let at = 0;
  for (const { gref, offset, size: said } of requests) {
    const size = at === 0 ? own : said;
    const page = size > 0 && offset + size <= pageSize ? grants.page(gref, "read") : undefined;
    if (page === undefined) return undefined;
    frame.set(page.subarray(offset, offset + size), at);
    at += size;
  }
  return frame;
}

/** Takes all frames that wait, and answers; `send` is false for what is no frame. Whether there were any. */
export function transmit(ring: BackRing, grants: Grants, send: (frame: Uint8Array) => boolean): boolean {
  let left = ring.waiting;
  if (left === 0) return false;
  while (left > 0) {
    const requests: Request[] = [];
    let extras = 0;
    for (let isMore = true; isMore && left > 0; left--) {
      const request = netTxRequest.read(ring.take(), 0);
      requests.push(request);
      isMore = (request.flags & netFlag.moreData) !== 0;
      // Nothing that they could ask for is offered.
      for (let isExtra = (request.flags & netFlag.extraInfo) !== 0; isExtra && left > 1; left--, extras++)
        isExtra = (u8.read(ring.take(), extraFlagsAt) & moreExtras) !== 0;
    }
    const isWhole = ((requests.at(-1)?.flags ?? 0) & netFlag.moreData) === 0;
    const frame = isWhole && requests.length <= netSlotMax ? gather(requests, grants) : undefined;
    const status = frame !== undefined && send(frame) ? netStatus.okay : netStatus.error;
    for (const { id } of requests) ring.give(encode(netTxResponse, { id, status }));
    for (; extras > 0; extras--) ring.give(encode(netTxResponse, { id: 0, status: netStatus.null }));
  }
  ring.wantEvent();
  return true;
}
