// The memory of an hvt guest on x86-64 before its first instruction: GDT, page tables, boot information, manifest,
// command line, and the ring at the top where there is a network device. ABI.md 6.2.
import { hostFeatures, type HvtMemory } from "./memory.js";
import { bootInfo, bootInfoBase } from "../../abi/hvt.js";
import { viewOf } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import { encodeManifest } from "../../image/manifest.js";
import type { GuestMemory } from "../../image/memory.js";
import type { Guest } from "../contract.js";

export const gdtBase = 0x1000;
export const pml4Base = 0x2000;
const pdptBase = 0x3000;
const pdBase = 0x4000;
const ptBase = 0x8000;

/** Null, 64-bit code, data: what selectors 8 and 16 name. */
export const gdt = [0n, 0x00af_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn] as const;

const page = 0x1000;
const largePage = 0x20_0000;
const gibPages = 4;
const entriesPerTable = 512;
/** Below the image only reading is allowed, and below the boot information nothing is. */
const readOnlyEnd = 0x10_0000;
const bit = { present: 1n, write: 2n, large: 0x80n } as const;

/** Identity, 4 KiB pages for the first 2 MiB and 2 MiB pages above: all of 4 GiB, so that memory's end is the only end. */
function writePageTables(view: DataView, memory: number): void {
  const entry = (table: number, index: number, value: bigint): void =>
    view.setBigUint64(table + index * 8, value, true);
  const table = bit.present | bit.write;
  entry(pml4Base, 0, BigInt(pdptBase) | table);
  for (let gib = 0; gib < gibPages; gib++) {
    const directory = pdBase + gib * page;
    entry(pdptBase, gib, BigInt(directory) | table);
    for (let i = 0; i < entriesPerTable; i++) {
      const address = (gib * entriesPerTable + i) * largePage;
      if (address >= memory) break;
      entry(directory, i, address === 0 ? BigInt(ptBase) | table : BigInt(address) | table | bit.large);
    }
  }
  for (let i = 0; i < entriesPerTable; i++) {
    const address = i * page;
    if (address < bootInfoBase) continue;
    entry(ptBase, i, BigInt(address) | bit.present | (address < readOnlyEnd ? 0n : bit.write));
  }
}

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
  gdt.forEach((entry, i) => view.setBigUint64(gdtBase + i * 8, entry, true));
  writePageTables(view, memory.size);
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
