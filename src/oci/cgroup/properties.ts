// linux.resources as properties of systemd's: limits that it sets back if it does not know them. systemd.resource-control(5).
import type { Resources } from "../config/types.js";
import { limitWrites } from "./limits.js";

/** A name, a type and a value as busctl(1) takes them. */
export type Property = readonly [name: string, ...value: readonly string[]];

const infinity = "18446744073709551615";

/** What may be `max`. */
const amount =
  (name: string) =>
  (value: string): readonly Property[] => [[name, "t", value === "max" ? infinity : value]];

/** No kernel has more CPUs; it refuses what names others. */
const cpusMax = 8192;

/** Numbers and ranges of them as a set of bits. */
function bitSet(list: string): readonly string[] {
  const bytes: number[] = [];
  for (const range of list.split(",").filter((one) => one !== "")) {
    const [first = 0, last = first] = range.split("-").map(Number);
    for (let n = first; n <= last && last < cpusMax; n++) {
      while (bytes.length <= n >> 3) bytes.push(0);
      bytes[n >> 3] = (bytes[n >> 3] ?? 0) | (1 << (n & 7));
    }
  }
  return ["ay", String(bytes.length), ...bytes.map(String)];
}

/** systemd has whole percents of a CPU; the kernel gets the exact value behind it. */
function quota(value: string): readonly Property[] {
  const [most = "max", period = "100000"] = value.split(" ");
  const percent = 10_000;
  const usecs = Math.ceil((Number(most) * 1e6) / Number(period) / percent) * percent;
  return [
    ["CPUQuotaPerSecUSec", "t", most === "max" ? infinity : String(usecs)],
    ["CPUQuotaPeriodUSec", "t", period],
  ];
}

/** By the file of cgroup v2, whatever the host has. */
const properties: Readonly<Record<string, (value: string) => readonly Property[]>> = {
  "memory.max": amount("MemoryMax"),
  "memory.high": amount("MemoryHigh"),
  "memory.low": amount("MemoryLow"),
  "memory.min": amount("MemoryMin"),
  "memory.swap.max": amount("MemorySwapMax"),
  "cpu.weight": amount("CPUWeight"),
  "cpu.max": quota,
  "cpuset.cpus": (value) => [["AllowedCPUs", ...bitSet(value)]],
  "cpuset.mems": (value) => [["AllowedMemoryNodes", ...bitSet(value)]],
  "io.weight": (value) => (/^\d+$/.test(value) ? [["IOWeight", "t", value]] : []),
  "pids.max": amount("TasksMax"),
};

/** One for each name: of two values for a limit the last one holds. */
export const limitProperties = (resources: Resources): readonly Property[] => [
  ...new Map(
    limitWrites(resources, "v2")
      .flatMap(({ file, value }) => properties[file]?.(value) ?? [])
      .map((property) => [property[0], property]),
  ).values(),
];
