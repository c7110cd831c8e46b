// Limits on the command line of `update`, as users of other runtimes write them: each is a field of linux.resources.
import { Solo5Error } from "../bytes/error.js";
import type { Resources } from "./config/types.js";

type Kind = "bytes" | "number" | "text";
type Path = readonly [group: keyof Resources, field: string];

/** What they become; those without a place are without effect, as their fields are. */
export const updateLimits = {
  memory: { kind: "bytes", path: ["memory", "limit"] },
  "memory-reservation": { kind: "bytes", path: ["memory", "reservation"] },
  "memory-swap": { kind: "bytes", path: ["memory", "swap"] },
  "kernel-memory": { kind: "bytes" },
  "kernel-memory-tcp": { kind: "bytes" },
  "cpu-share": { kind: "number", path: ["cpu", "shares"] },
  "cpu-quota": { kind: "number", path: ["cpu", "quota"] },
  "cpu-period": { kind: "number", path: ["cpu", "period"] },
  "cpu-burst": { kind: "number", path: ["cpu", "burst"] },
  "cpu-idle": { kind: "number", path: ["cpu", "idle"] },
  "cpu-rt-period": { kind: "number" },
  "cpu-rt-runtime": { kind: "number" },
  "cpuset-cpus": { kind: "text", path: ["cpu", "cpus"] },
  "cpuset-mems": { kind: "text", path: ["cpu", "mems"] },
  "blkio-weight": { kind: "number", path: ["blockIO", "weight"] },
  "pids-limit": { kind: "number", path: ["pids", "limit"] },
} as const satisfies Readonly<Record<string, { readonly kind: Kind; readonly path?: Path }>>;

const readers: Readonly<Record<Kind, (text: string) => number | string | undefined>> = {
  bytes(text) {
    const [, digits, unit = ""] = /^(-1|\d{1,15})([bkmgt]?)b?$/i.exec(text) ?? [];
    return digits === undefined ? undefined : Number(digits) * 1024 ** Math.max(0, "bkmgt".indexOf(unit.toLowerCase()));
  },
  number: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined),
  text: (text) => text,
}; // prettier-ignore

/** linux.resources of what is given; nothing where nothing is. Throws Solo5Error. */
export function resourcesOf(options: Readonly<Record<string, string | undefined>>): Resources | undefined {
  const found: Record<string, Record<string, number | string>> = {};
  let isGiven = false;
  for (const [name, limit] of Object.entries(updateLimits)) {
    const text = options[name];
    if (text === undefined) continue;
    const value = readers[limit.kind](text);
    if (value === undefined) throw new Solo5Error("CONTAINER", `update: --${name}: '${text}' is no number`);
    isGiven = true;
    if (!("path" in limit)) continue;
    const [group, field] = limit.path;
    found[group] = { ...found[group], [field]: value };
  }
  return isGiven ? (found as Resources) : undefined;
}
