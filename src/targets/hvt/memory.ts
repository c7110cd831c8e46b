// How large an hvt guest's memory is: whole units of 2 MiB, and one more for the ring where there is a network device.
// docs/abi.md 3.2 and 3.5.
import { feature, memUnit, ring } from "../../abi/hvt.js";
import { guestMemMax } from "../../abi/start.js";
import { alignDown, alignUp } from "../../bytes/align.js";
import type { Guest } from "../contract.js";

export const hostFeatures = feature.ringIo;

export interface HvtMemory {
  /** Bytes that the guest has in all. */
  readonly total: number;
  /** Bytes that its boot information tells of, and that its hypercalls may name. */
  readonly usable: number;
  /** Guest address of the ring. */
  readonly ring: number | undefined;
}

export function hvtMemory({ memSize, devices }: Guest): HvtMemory {
  const wanted = Math.max(alignDown(memSize, memUnit), memUnit);
  if (!devices.some(({ type }) => type === "NET_BASIC"))
    return { total: wanted, usable: wanted, ring: undefined };
  const ringSize = alignUp(ring.size, memUnit);
  const total = Math.min(wanted + ringSize, guestMemMax);
  return { total, usable: total - ringSize, ring: total - ringSize };
}
