// The memory of an hvt guest: whole units of 2 MiB, and one more for the ring where there is a network device; below the
// image the machine's tables, boot information, manifest and command line. docs/abi.md 3.2 and 3.5.
import { bootInfo, bootInfoBase, feature, memUnit, ring } from "../../abi/hvt.js";
import { guestMemMax } from "../../abi/start.js";
import { alignDown, alignUp } from "../../bytes/align.js";
import { viewOf } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import { encodeManifest } from "../../image/manifest.js";
import type { MemoryMap } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";
import { segmentRegions, type Guest } from "../contract.js";
import { readOnlyEnd } from "./isa/contract.js";
import { machines } from "./isa/registry.js";

const hostFeatures = feature.ringIo;

const writable = { read: true, write: true, execute: false } as const;

export function hvtMap({ unikernel, memSize, devices }: Guest): MemoryMap {
  const wanted = Math.max(alignDown(memSize, memUnit), memUnit);
  const regions = [{ name: "boot", start: 0, end: readOnlyEnd, ...writable }, ...segmentRegions(unikernel)];
  const ram = { execute: false };
  if (!devices.some(({ type }) => type === "NET_BASIC")) return { size: wanted, ram, regions };
  const ringSize = alignUp(ring.size, memUnit);
  const size = Math.min(wanted + ringSize, guestMemMax);
  return {
    size,
    ram,
    regions: [...regions, { name: "ring", start: size - ringSize, end: size, ...writable }],
  };
}

/** Guest address of the ring; undefined where there is none. */
export const ringBase = ({ regions }: MemoryMap): number | undefined =>
  regions.find(({ name }) => name === "ring")?.start;

/** Bytes that boot information tells of, and that hypercalls may name. */
export const usableSize = (map: MemoryMap): number => ringBase(map) ?? map.size;

/** Writes everything below the image. `cycleFreq` is the counter's, in Hz. */
export function writeLowMemory(guest: Guest, map: MemoryMap, memory: GuestMemory, cycleFreq: bigint): void {
  const low = memory.bytes(0, readOnlyEnd);
  if (low === undefined) throw new RangeError(`guest memory of ${memory.size} bytes has no low memory`);
  const view = viewOf(low);
  machines[guest.unikernel.isa].writeTables(view, memory.size);
  const manifest = encodeManifest(
    guest.devices.map((device) => ({
      ...device,
      hostfd: -1,
      attached: device.type === "NET_BASIC" ? { ...device, mac: device.mac ?? new Uint8Array(6) } : device,
    })),
  );
  const manifestBase = bootInfoBase + bootInfo.size;
  const cmdlineBase = manifestBase + manifest.length;
  bootInfo.write(view, bootInfoBase, {
    memSize: BigInt(usableSize(map)),
    kernelEnd: BigInt(guest.unikernel.kernelEnd),
    cycleFreq,
    cmdline: BigInt(cmdlineBase),
    mft: BigInt(manifestBase),
    hostFeatures: ringBase(map) === undefined ? 0 : hostFeatures,
    guestFeatures: 0,
    netRing: BigInt(ringBase(map) ?? 0),
  });
  low.set(manifest, manifestBase);
  low.set(withNul(guest.cmdline), cmdlineBase);
}
