// A muen subject's memory and registers before its first instruction. docs/abi.md 9.1.
import { bootInfo, bootInfoBase, timeInfo, timeInfoName } from "../../abi/muen.js";
import { encode } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import type { Clock } from "../../device/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { loadSegments, type Guest } from "../contract.js";
import type { Region, SubjectMemory } from "./regions.js";
import { counterHz } from "./schedule.js";
import { encodeInfo, infoVersion } from "./subject-info.js";

/** Fills memory, which is zero before, and gives the registers. Throws Solo5Error `ABI_VERSION`. */
export function writeMemory(
  guest: Guest,
  { regions, ramEnd, tables }: SubjectMemory,
  memory: GuestMemory,
  clock: Clock,
): Readonly<Record<string, number>> {
  const { unikernel, cmdline } = guest;
  const put = (at: number, bytes: Uint8Array): void => memory.bytes(at, bytes.length)?.set(bytes);
  loadSegments(unikernel, memory);
  put(tables.base, tables.data);
  put(
    bootInfoBase,
    encode(bootInfo, {
      memSize: BigInt(ramEnd),
      kernelEnd: BigInt(unikernel.imageEnd - 1),
      tsc: 0n,
      cmdline: BigInt(bootInfoBase + bootInfo.size),
      mft: 0n,
    }),
  );
  put(bootInfoBase + bootInfo.size, withNul(cmdline));
  const base = (clock.wall() - clock.monotonic()) / 1000n;
  put(
    physicalOf(regions, timeInfoName),
    encode(timeInfo, { base, tickRateHz: counterHz, timezoneUsecs: 0n }),
  );
  const subject = unikernel.name.slice(unikernel.name.lastIndexOf("/") + 1);
  const tscKhz = Number(counterHz / 1000n);
  put(physicalOf(regions, "sinfo"), encodeInfo(infoVersion(unikernel), { subject, tscKhz, regions }));

  // 64-bit mode with paging, flat segments without tables, the FPU as the ABI wants it, interrupts off.
  return { rip: unikernel.entry, rsp: ramEnd - 8, rdi: bootInfoBase, rflags: 2, cr0: 0x8001_0033, cr3: tables.base, cr4: 0x2660, efer: 0xd00, cs: 8, ss: 16, ds: 16, es: 16, fs: 0, gs: 0, tr: 24, fctrl: 0x37f, mxcsr: 0x1f80 }; // prettier-ignore
}

export function physicalOf(regions: readonly Region[], name: string): number {
  const found = regions.find((region) => region.name === name);
  if (found === undefined) throw new RangeError(`there is no region ${name}`);
  return found.physical;
}
