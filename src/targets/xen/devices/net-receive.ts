// Frames that come to a domain: into pages that it has granted. Xen's public header io/netif.h; docs/abi.md 11.7.
import { netFlag, netRxRequest, netRxResponse, netStatus } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { encode } from "../../../bytes/struct.js";
import type { Grants } from "./grants.js";
import type { BackRing } from "./ring.js";

/** Puts a frame into as many pages as it needs; false where the guest has none for it. */
export function receive(ring: BackRing, grants: Grants, frame: Uint8Array, takesChains: boolean): boolean {
  const count = Math.ceil(frame.length / pageSize);
  if (count > ring.waiting || (count > 1 && !takesChains)) return false;
  let isWhole = true;
  for (let at = 0; at < frame.length; at += pageSize) {
    const { id, gref } = netRxRequest.read(ring.take(), 0);
    const part = frame.subarray(at, at + pageSize);
    const page = grants.page(gref, "write");
    page?.set(part);
    isWhole &&= page !== undefined;
    const flags = at + pageSize < frame.length ? netFlag.moreData : 0;
    const status = page === undefined ? netStatus.error : part.length;
    ring.give(encode(netRxResponse, { id, offset: 0, flags, status }));
  }
  return isWhole;
}
