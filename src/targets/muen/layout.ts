// A muen subject's memory and registers before its first instruction. docs/abi.md 9.1.
import { bootInfo, bootInfoBase, timeInfo, timeInfoName } from "../../abi/muen.js";
import { encode } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import type { Clock } from "../../device/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { loadSegments, type Guest } from "../contract.js";
import { initialRegisters } from "./isa/x86-64.js";
import type { Region, SubjectMemory } from "./regions.js";
import { counterHz } from "./devices/schedule.js";
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

  return initialRegisters({ entry: unikernel.entry, ramEnd, tables: tables.base });
}

export function physicalOf(regions: readonly Region[], name: string): number {
  const found = regions.find((region) => region.name === name);
  if (found === undefined) throw new RangeError(`there is no region ${name}`);
  return found.physical;
}
