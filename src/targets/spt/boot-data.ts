// The boot data of an spt unikernel: boot information, manifest, command line, as they lie in its low memory. docs/abi.md 4.
import { alignUp, pageSize } from "../../bytes/align.js";
import { viewOf } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import { mftEntry, mftNet } from "../../abi/notes.js";
import { bootInfo, bootInfoBase } from "../../abi/spt.js";
import { encodeManifest, entryOffset } from "../../image/manifest.js";
import type { Guest } from "../contract.js";

/** The descriptors of the process, by what they are for; devices by handle. */
interface DescriptorNumbers {
  readonly epollfd: number;
  readonly timerfd: number;
  readonly devices: ReadonlyMap<number, number>;
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
