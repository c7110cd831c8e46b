// The memory of a muen subject: what its policy would give it, each region under its name, and where the machine keeps it.
// docs/abi.md 9.1.
import {
  bootInfo,
  bootInfoBase,
  channelSize,
  logName,
  logSize,
  nameMax,
  netChannels,
  resourceMax,
  scheduleBase,
  subjectInfoBase,
  subjectInfoSize,
  timeInfo,
  timeInfoName,
  type MemoryKind,
} from "../../abi/muen.js";
import { alignUp, pageSize } from "../../bytes/align.js";
import { Solo5Error } from "../../bytes/error.js";
import { encodeText, hex } from "../../bytes/text.js";
import { pageEnd, readElf } from "../../image/elf.js";
import type { Guest } from "../contract.js";
import { pageTables, type Mapped } from "./page-tables.js";

export interface Region extends Mapped {
  readonly name: string;
  readonly kind: MemoryKind;
}

export interface SubjectMemory {
  readonly regions: readonly Region[];
  /** Where the subject's own memory ends. */
  readonly ramEnd: number;
  /** The root of the page tables, and the tables themselves. */
  readonly tables: { readonly base: number; readonly data: Uint8Array };
  /** Bytes in all. */
  readonly total: number;
}

/** The device's registers, as it were: reading them leaves the engine, since no memory is there. */
export const schedulePhysical = scheduleBase;

/** Throws Solo5Error `MEMORY`, `NET`. */
export function subjectMemory(guest: Guest): SubjectMemory {
  const { unikernel, cmdline, memSize } = guest;
  const fixed = [
    own("boot_info", "bootInfo", bootInfoBase, bootInfo.size + encodeText(cmdline).length + 1, {}),
    ...imageRegions(guest),
  ];
  const ram = own("ram", "subject", unikernel.imageEnd, memSize - unikernel.imageEnd, { write: true });
  const first = fixed[1];
  const bootEnd = bootInfoBase + (fixed[0]?.size ?? 0);
  if (first !== undefined && first.address < bootEnd) {
    const where = `segment at ${hex(first.address)}`;
    throw new Solo5Error("MEMORY", `${unikernel.name}: ${where} overlaps the boot information up to ${hex(bootEnd)}`);
  }
  let end = alignUp(memSize, 0x20_0000);
  const next = (name: string, kind: MemoryKind, size: number, write: boolean): Region => {
    const region = own(name, kind, end, size, { write });
    end += region.size;
    return region;
  };
  const channels = guest.devices
    .filter(({ type }) => type === "NET_BASIC")
    .flatMap((device) => {
      const names = netChannels(device.name);
      const longest = Math.max(...Object.values(names).map((name) => encodeText(name).length));
      if (longest > nameMax) {
        const reason = `'${names.out}' is longer than the ${nameMax} characters of a channel's name`;
        throw new Solo5Error("NET", `${unikernel.name}: ${reason}`);
      }
      return [next(names.in, "channel", channelSize, false), next(names.out, "channel", channelSize, true)];
    });
  const log = next(logName, "subject", logSize, true);
  const time = next(timeInfoName, "subject", timeInfo.size, false);
  const info = { ...next("sinfo", "info", subjectInfoSize, false), address: subjectInfoBase };
  const scheduleInfo: Region = {
    ...own("sched_info", "schedule", scheduleBase, pageSize, {}),
    physical: schedulePhysical,
  };
  const regions = [...fixed, ram, ...channels, log, time, info, scheduleInfo];
  if (regions.length > resourceMax - 1) {
    throw new Solo5Error(
      "MEMORY",
      `${unikernel.name}: its memory has ${regions.length} regions, and a subject info has room for ${resourceMax - 1}`,
    );
  }
  const data = pageTables(regions, end);
  return { regions, ramEnd: memSize, tables: { base: end, data }, total: end + data.length };
}

/** A region that lies where the subject sees it. */
const own = (
  name: string,
  kind: MemoryKind,
  address: number,
  size: number,
  { write = false, execute = false },
): Region => ({ name, kind, address, physical: address, size: alignUp(size, pageSize), write, execute });

/** Every segment, .bss included. */
function imageRegions({ unikernel }: Guest): readonly Region[] {
  const bad = (what: string): Solo5Error => new Solo5Error("MEMORY", `${unikernel.name}: ${what}`);
  let end = 0;
  return readElf(unikernel.file, unikernel.name)
    .loads.filter(({ memsz }) => memsz > 0)
    .map((segment, i) => {
      const start = segment.vaddr - (segment.vaddr % pageSize);
      if (start < end) throw bad(`segment at ${hex(segment.vaddr)} overlaps the one before it`);
      end = pageEnd(segment);
      const { write, execute } = segment;
      return own(execute ? "text" : `segment${i}`, "binary", start, end - start, { write, execute });
    });
}
