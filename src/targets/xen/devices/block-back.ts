// A domain's disk: sectors from and into pieces of pages that the guest has granted. Xen's public header io/blkif.h; docs/abi.md 11.
import {
  blockOperation,
  blockRequest,
  blockResponse,
  blockRing,
  blockSegmentMax,
  blockStatus,
  sectorSize,
} from "../../../abi/xen.js";
import { result } from "../../../abi/start.js";
import { pageSize } from "../../../bytes/align.js";
import { encode, type ValueOf } from "../../../bytes/struct.js";
import type { BlockDevice } from "../../../device/contract.js";
import type { DeviceTrace } from "../../contract.js";
import type { Driver } from "./back-end.js";
import { closeLink, openLink, stateOfLink, type Domain, type Link } from "./link.js";
import { backRing } from "./ring.js";

type Request = ValueOf<typeof blockRequest>;

const nameIn = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(names).find((name) => names[name] === value) ?? String(value);

export function createBlockBack(
  name: string,
  number: number,
  block: BlockDevice,
  domain: Domain,
  deviceTrace: DeviceTrace,
): Driver {
  const { memory, grants, events } = domain;
  let link: Link | undefined;

  /** The pieces of a request's pages; undefined where one of them is not granted, or is none. */
  const pieces = ({ operation, nrSegments, segments }: Request): readonly Uint8Array[] | undefined => {
    if (nrSegments === 0 || nrSegments > blockSegmentMax) return undefined;
    const access = operation === blockOperation.read ? "write" : "read";
    const all: Uint8Array[] = [];
    for (const { gref, firstSect, lastSect } of segments.slice(0, nrSegments)) {
      if (firstSect > lastSect || (lastSect + 1) * sectorSize > pageSize) return undefined;
      const page = grants.page(gref, access);
      if (page === undefined) return undefined;
      all.push(page.subarray(firstSect * sectorSize, (lastSect + 1) * sectorSize));
    }
    return all;
  };
  const move = ({ operation, sectorNumber }: Request, parts: readonly Uint8Array[]): number => {
    let offset = sectorNumber * BigInt(sectorSize);
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    if (offset + BigInt(size) > block.capacity) return blockStatus.error;
    for (const part of parts) {
      const done = operation === blockOperation.read ? block.read(offset, part) : block.write(offset, part);
      if (done !== result.ok) return blockStatus.error;
      offset += BigInt(part.length);
    }
    return blockStatus.okay;
  };
  const perform = (request: Request): number => {
    const { operation, sectorNumber } = request;
    // What is written is in the file already.
    if (operation === blockOperation.flush) return blockStatus.okay;
    if (operation !== blockOperation.read && operation !== blockOperation.write)
      return blockStatus.unsupported;
    const parts = pieces(request);
    const status = parts === undefined ? blockStatus.error : move(request, parts);
    const [shown = new Uint8Array()] = parts ?? [];
    const isFetched = operation === blockOperation.read && status === blockStatus.okay;
    deviceTrace?.({
      device: name,
      name: nameIn(blockOperation, operation),
      args: [
        `sector ${sectorNumber}`,
        ...(operation === blockOperation.write ? [shown] : []),
        (parts ?? []).reduce((sum, { length }) => sum + length, 0),
      ],
      results: [...(isFetched ? [shown] : []), nameIn(blockStatus, status)],
    });
    return status;
  };
  const serve = (): void => {
    const state = link?.rings[0];
    if (link === undefined || state === undefined) return;
    const ring = backRing(memory, blockRing, state);
    for (let left = ring.waiting; left > 0; left--) {
      const request = blockRequest.read(ring.take(), 0);
      const { id, operation } = request;
      ring.give(encode(blockResponse, { id, operation, status: perform(request) }));
    }
    ring.wantEvent();
    if (ring.push()) events.notify(link.port);
  };
  return {
    type: "vbd",
    frontKeys: { "virtual-device": `${number}`, "device-type": "disk" },
    backKeys: {
      mode: "w",
      sectors: `${block.capacity / BigInt(sectorSize)}`,
      "sector-size": `${sectorSize}`,
      info: "0",
      "feature-flush-cache": "1",
    },
    connect(front) {
      const protocol = front.read("protocol") ?? "x86_64-abi";
      if (protocol !== "x86_64-abi") return false;
      link = openLink(domain, front, ["ring-ref"], serve);
      serve();
      return link !== undefined;
    },
    disconnect() {
      if (link !== undefined) closeLink(domain, link);
      link = undefined;
    },
    stateful: stateOfLink(
      () => ({ link }),
      (saved) => {
        ({ link } = saved);
        if (link !== undefined) events.connect(link.port, serve);
      },
    ),
  };
}
