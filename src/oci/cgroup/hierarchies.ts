// Where this host has its cgroups: version 1 has a hierarchy per controller (hybrid: and one of version 2 without any), version 2
// has one for all. cgroups(7).
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

export interface Hierarchy {
  /** What it limits: `memory`; more than one where they are mounted together; none of the named ones and of hybrid's version 2. */
  readonly controllers: readonly string[];
  readonly isUnified: boolean;
  /** Where it is mounted. */
  readonly folder: string;
  /** This process's cgroup in it. */
  readonly own: string;
}

/** Every hierarchy; empty where cgroups are not mounted. */
export function hierarchies(): readonly Hierarchy[] {
  const own = ownCgroups();
  const found = new Map<string, Hierarchy>();
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [before = "", behind = ""] = line.split(" - ");
    const [, , , , folder = ""] = before.split(" ");
    const [type = "", , options = ""] = behind.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") continue;
    const isUnified = type === "cgroup2";
    const names = options.split(",").filter((option) => own.has(option));
    const key = isUnified ? "" : (names[0] ?? "");
    if (!isUnified && names.length === 0) continue;
    if (found.has(key)) continue;
    found.set(key, { controllers: isUnified ? [] : names, isUnified, folder, own: own.get(key) ?? "/" });
  }
  return [...found.values()];
}

/** By controller, `name=…` for named hierarchies and the empty word for version 2: proc_pid_cgroup(5). */
function ownCgroups(pid: number | "self" = "self"): ReadonlyMap<string, string> {
  const rows = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  return new Map(
    rows.flatMap((row) => {
      const [, , names = "", path = "/"] = /^(\d+):([^:]*):(.*)$/s.exec(row) ?? [];
      return names.split(",").map((name) => [name, path] as const);
    }),
  );
}

/** Version 2 alone, with all its controllers. */
export const isUnifiedOnly = (all: readonly Hierarchy[]): boolean =>
  all.length > 0 && all.every(({ isUnified }) => isUnified);

/** The folder of the cgroup `path` of a hierarchy, which no path leads out of: below this process's own where it is not absolute. */
export function cgroupFolder({ folder, own }: Hierarchy, path: string): string {
  const inside = posix.resolve("/", path);
  return path.startsWith("/") ? join(folder, inside) : join(folder, own, inside);
}
