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
import { pageTables, type Mapped } from "./isa/page-tables.js";

export interface Region extends Mapped {
  readonly name: string;
  readonly kind: MemoryKind;
  /** The subject is told that it may only read it. */
  readonly isIncoming?: true;
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

/** No memory is there, so that reading it leaves the engine. */
const schedulePhysical = scheduleBase;

/**
 * What the subject may only read lies below its image, page tables included, and what it may write above, without a gap: an
 * engine is fast where all memory from some address on can be written. So can the channels that only the machine should write,
 * which does not read what it has written. Throws Solo5Error `MEMORY`, `NET`.
 */
export function subjectMemory(guest: Guest): SubjectMemory {
  const { unikernel, cmdline, memSize } = guest;
  const image = imageRegions(guest);
  const below = stack(bootInfoBase);
  const above = stack(memSize);
  const fixed = [
    below.put("boot_info", "bootInfo", bootInfo.size + encodeText(cmdline).length + 1, false),
    below.put(timeInfoName, "subject", timeInfo.size, false),
    { ...below.put("sinfo", "info", subjectInfoSize, false), address: subjectInfoBase },
    { ...own("sched_info", "schedule", scheduleBase, pageSize, {}), physical: schedulePhysical },
    ...image,
    own("ram", "subject", unikernel.imageEnd, memSize - unikernel.imageEnd, { write: true }),
    above.put(logName, "subject", logSize, true),
  ];
  const channels = guest.devices
    .filter(({ type }) => type === "NET_BASIC")
    .flatMap(({ name }) =>
      Object.entries(netChannels(name)).map(([way, channel]): Region => {
        checkName(unikernel.name, channel);
        const region = above.put(channel, "channel", channelSize, true);
        return way === "in" ? { ...region, isIncoming: true } : region;
      }),
    );
  const regions = [...fixed, ...channels];
  if (regions.length >= resourceMax) {
    const most = resourceMax - 1;
    throw new Solo5Error(
      "MEMORY",
      `${unikernel.name}: its memory has ${regions.length} regions, and a subject info has room for ${most}`,
    );
  }
  const tables = { base: below.end, data: pageTables(regions, below.end) };
  const tablesEnd = tables.base + tables.data.length;
  const [first] = image;
  if (first !== undefined && first.address < tablesEnd) {
    const where = `segment at ${hex(first.address)}`;
    throw new Solo5Error(
      "MEMORY",
      `${unikernel.name}: ${where} overlaps the machine's own pages, up to ${hex(tablesEnd)}`,
    );
  }
  return { regions, ramEnd: memSize, tables, total: above.end };
}

function checkName(unikernel: string, channel: string): void {
  if (encodeText(channel).length <= nameMax) return;
  throw new Solo5Error(
    "NET",
    `${unikernel}: '${channel}' is longer than a channel's name of ${nameMax} characters`,
  );
}

/** Puts regions one after another. */
function stack(start: number) {
  let end = start;
  return {
    get end() {
      return end;
    },
    put(name: string, kind: MemoryKind, size: number, write: boolean): Region {
      const region = own(name, kind, end, size, { write });
      end += region.size;
      return region;
    },
  };
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
