// The memory of an hvt guest below its image before its first instruction: the machine's tables, boot information,
// manifest and command line. docs/abi.md 3.2.
import { readOnlyEnd } from "./machine.js";
import { machines } from "./machines.js";
import { hostFeatures, type HvtMemory } from "./memory.js";
import { bootInfo, bootInfoBase } from "../../abi/hvt.js";
import { viewOf } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import { encodeManifest } from "../../image/manifest.js";
import type { GuestMemory } from "../../image/memory.js";
import type { Guest } from "../contract.js";

/** Writes everything below the image. `cycleFreq` is the counter's, in Hz. */
export function writeLowMemory(
  guest: Guest,
  { usable, ring }: HvtMemory,
  memory: GuestMemory,
  cycleFreq: bigint,
): void {
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
    memSize: BigInt(usable),
    kernelEnd: BigInt(guest.unikernel.kernelEnd),
    cycleFreq,
    cmdline: BigInt(cmdlineBase),
    mft: BigInt(manifestBase),
    hostFeatures: ring === undefined ? 0 : hostFeatures,
    guestFeatures: 0,
    netRing: BigInt(ring ?? 0),
  });
  low.set(manifest, manifestBase);
  low.set(withNul(guest.cmdline), cmdlineBase);
}
