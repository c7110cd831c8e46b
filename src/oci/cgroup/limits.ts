// linux.resources as files of cgroups: a row per field, with what version 1 and version 2 have for it. Linux,
// Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
import type { Resources } from "../config/types.js";

/** A value that is to be written to a file of a controller's cgroup. */
export interface CgroupWrite {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
}

interface Row {
  /** The values to write; none where the field is not given. */
  readonly v1: (resources: Resources) => readonly (CgroupWrite | undefined)[];
  readonly v2: (resources: Resources) => readonly (CgroupWrite | undefined)[];
}

const write = (
  controller: string,
  file: string,
  value: number | string | undefined,
): CgroupWrite | undefined => (value === undefined ? undefined : { controller, file, value: String(value) });

/** Managers that leave a field out may write 0. */
const unlessZero = <T>(value: T): T | undefined => (value === 0 ? undefined : value);

/** -1 is no limit. */
const orMax = (value: number | undefined): number | string | undefined =>
  value !== undefined && value < 0 ? "max" : value;

/** Shares from 2 to 262,144 become weights from 1 to 10,000. */
const weightOf = (shares: number | undefined): number | undefined =>
  shares === undefined || shares === 0
    ? undefined
    : 1 + Math.floor(((Math.min(Math.max(shares, 2), 262_144) - 2) * 9999) / 262_142);

/** Version 2 counts swap alone, the specification memory and swap. */
function swapOf({ limit, swap }: NonNullable<Resources["memory"]>): number | string | undefined {
  if (swap === undefined || swap <= 0) return orMax(unlessZero(swap));
  return Math.max(0, swap - (limit ?? 0));
}

const throttles = [
  ["throttleReadBpsDevice", "read_bps", "rbps"],
  ["throttleWriteBpsDevice", "write_bps", "wbps"],
  ["throttleReadIOPSDevice", "read_iops", "riops"],
  ["throttleWriteIOPSDevice", "write_iops", "wiops"],
] as const;

const rows: readonly Row[] = [
  {
    // The sum with swap may not be below the limit, nor the limit above the sum: whichever the kernel takes first.
    v1: ({ memory }) => [
      write("memory", "memory.limit_in_bytes", unlessZero(memory?.limit)),
      write("memory", "memory.memsw.limit_in_bytes", unlessZero(memory?.swap)),
    ],
    v2: ({ memory }) => [
      write("memory", "memory.max", orMax(unlessZero(memory?.limit))),
      write("memory", "memory.swap.max", memory === undefined ? undefined : swapOf(memory)),
    ],
  },
  {
    v1: ({ memory }) => [write("memory", "memory.soft_limit_in_bytes", unlessZero(memory?.reservation))],
    v2: ({ memory }) => [write("memory", "memory.low", orMax(unlessZero(memory?.reservation)))],
  },
  { v1: ({ memory }) => [write("memory", "memory.swappiness", memory?.swappiness)], v2: () => [] },
  {
    v1: ({ memory }) => [
      write("memory", "memory.oom_control", memory?.disableOOMKiller === true ? 1 : undefined),
    ],
    v2: () => [],
  },
  {
    v1: ({ cpu }) => [write("cpu", "cpu.shares", unlessZero(cpu?.shares))],
    v2: ({ cpu }) => [write("cpu", "cpu.weight", weightOf(cpu?.shares))],
  },
  {
    v1: ({ cpu }) => [
      write("cpu", "cpu.cfs_period_us", unlessZero(cpu?.period)),
      write("cpu", "cpu.cfs_quota_us", unlessZero(cpu?.quota)),
      write("cpu", "cpu.cfs_burst_us", cpu?.burst),
    ],
    v2: ({ cpu: { quota = 0, period = 0, burst } = {} }) => [
      quota === 0 && period === 0
        ? undefined
        : write("cpu", "cpu.max", `${quota > 0 ? quota : "max"} ${period > 0 ? period : 100_000}`),
      write("cpu", "cpu.max.burst", burst),
    ],
  },
  {
    v1: ({ cpu }) => [write("cpu", "cpu.idle", cpu?.idle)],
    v2: ({ cpu }) => [write("cpu", "cpu.idle", cpu?.idle)],
  },
  ...([["cpus", "cpuset.cpus"], ["mems", "cpuset.mems"]] as const).map(([field, file]): Row => {
    const one = ({ cpu }: Resources) => [write("cpuset", file, cpu?.[field] === "" ? undefined : cpu?.[field])];
    return { v1: one, v2: one };
  }), // prettier-ignore
  ...[
    ({ pids: { limit } = {} }: Resources) => [
      write("pids", "pids.max", limit === undefined ? undefined : limit > 0 ? limit : "max"),
    ],
  ].map((one): Row => ({ v1: one, v2: one })),
  {
    v1: ({ blockIO }) => [write("blkio", "blkio.weight", unlessZero(blockIO?.weight))],
    v2: ({ blockIO }) => [write("io", "io.weight", unlessZero(blockIO?.weight))],
  },
  ...throttles.map(([field, v1, v2]): Row => ({
    v1: ({ blockIO }) =>
      (blockIO?.[field] ?? []).map(({ major, minor, rate }) =>
        write("blkio", `blkio.throttle.${v1}_device`, `${major}:${minor} ${rate ?? 0}`),
      ),
    v2: ({ blockIO }) =>
      (blockIO?.[field] ?? []).map(({ major, minor, rate }) =>
        write("io", "io.max", `${major}:${minor} ${v2}=${rate ?? "max"}`),
      ),
  })),
  {
    v1: ({ hugepageLimits = [] }) =>
      hugepageLimits.map(({ pageSize, limit }) =>
        write("hugetlb", `hugetlb.${pageSize}.limit_in_bytes`, limit),
      ),
    v2: ({ hugepageLimits = [] }) =>
      hugepageLimits.map(({ pageSize, limit }) => write("hugetlb", `hugetlb.${pageSize}.max`, limit)),
  },
  {
    v1: ({ network }) => [
      write("net_cls", "net_cls.classid", network?.classID),
      ...(network?.priorities ?? []).map(({ name, priority }) =>
        write("net_prio", "net_prio.ifpriomap", `${name} ${priority}`),
      ),
    ],
    v2: () => [],
  },
  {
    v1: () => [],
    v2: ({ unified = {} }) =>
      Object.entries(unified).map(([file, value]) => write(file.replace(/\..*/s, ""), file, value)),
  },
];

/** What `resources` comes to, in the order to write it. */
export const limitWrites = (resources: Resources, version: "v1" | "v2"): readonly CgroupWrite[] =>
  rows.flatMap((row) => row[version](resources).filter((one) => one !== undefined));
