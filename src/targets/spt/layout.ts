// The memory of an spt unikernel, and the boot data in its low memory: boot information, manifest, command line. docs/abi.md 4.
import { alignUp, pageSize } from "../../bytes/align.js";
import { viewOf } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import { mftEntry, mftNet } from "../../abi/notes.js";
import { bootInfo, bootInfoBase } from "../../abi/spt.js";
import { guestMinBase } from "../../abi/start.js";
import { encodeManifest, entryOffset } from "../../image/manifest.js";
import type { MemoryMap } from "../../image/memory-map.js";
import { segmentRegions, type Guest } from "../contract.js";

/** Descriptors as a launch gives them out, the lowest that is free: of the process, by what they are for; devices by handle. */
export interface DescriptorNumbers {
  readonly epollfd: number;
  readonly timerfd: number;
  readonly devices: ReadonlyMap<number, number>;
}

export function descriptorsOf({ devices }: Pick<Guest, "devices">): DescriptorNumbers {
  const [epollfd, timerfd, first] = [3, 4, 5];
  return { epollfd, timerfd, devices: new Map(devices.map(({ handle }, i) => [handle, first + i])) };
}

const nothing = { read: false, write: false, execute: false } as const;

/** What the launch maps; the rest below the image is nobody's. */
export function sptMap(guest: Guest): MemoryMap {
  const bootEnd = bootInfoBase + bootData(guest, descriptorsOf(guest)).length;
  return {
    size: guest.memSize,
    ram: { execute: guest.execHeap },
    regions: [
      { name: "unmapped", start: 0, end: bootInfoBase, ...nothing },
      { name: "launch", start: bootEnd, end: guestMinBase, ...nothing },
      ...segmentRegions(guest.unikernel),
    ],
  };
}

const manifestBase = bootInfoBase + bootInfo.size;
const netField = (handle: number, field: "mac" | "mtu"): number =>
  manifestBase + entryOffset(handle) + mftEntry.offsets.device + mftNet.offsets[field];

/** Guest address of the MAC of the network device `handle`. */
export const macAddress = (handle: number): number => netField(handle, "mac");
/** Guest address of its MTU, 16 bits. */
export const mtuAddress = (handle: number): number => netField(handle, "mtu");

/** Whole pages, for guest address 0x11000. A MAC that the guest leaves open is zero, for the launch to draw. */
export function bootData(guest: Guest, { epollfd, timerfd, devices }: DescriptorNumbers): Uint8Array {
  const manifest = encodeManifest(
    guest.devices.map((device) => ({
      ...device,
      hostfd: devices.get(device.handle) ?? -1,
      attached:
        device.type === "NET_BASIC" ? { ...device, mac: device.mac ?? new Uint8Array(6) } : { ...device },
    })),
  );
  const cmdline = withNul(guest.cmdline);
  const cmdlineBase = manifestBase + manifest.length;
  const data = new Uint8Array(alignUp(cmdlineBase + cmdline.length - bootInfoBase, pageSize));
  bootInfo.write(viewOf(data), 0, {
    memSize: BigInt(guest.memSize),
    kernelEnd: BigInt(guest.unikernel.kernelEnd),
    cmdline: BigInt(cmdlineBase),
    mft: BigInt(manifestBase),
    epollfd,
    timerfd,
  });
  data.set(manifest, manifestBase - bootInfoBase);
  data.set(cmdline, cmdlineBase - bootInfoBase);
  return data;
}
