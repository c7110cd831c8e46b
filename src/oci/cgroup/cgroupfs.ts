// A container's cgroups, made and removed in the file system of the kernel's.
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { systemErrorMessage } from "../../host/any/system-error.js";
import type { Resources } from "../config/types.js";
import { configError } from "../config/check.js";
import { cgroupFolder, hierarchies, isUnifiedOnly, type Hierarchy } from "./hierarchies.js";
import { limitWrites } from "./limits.js";

export interface Cgroups {
  /** What its process enters. */
  readonly folders: readonly string[];
  /** Those among them that are the container's alone: that were not there before. */
  readonly made: readonly string[];
  /** The file that freezes what is in them. */
  readonly freezer: string | undefined;
}

/** Whether this process may make cgroups at all: without root it may not, unless somebody has given it some. */
export function mayMakeCgroups(): boolean {
  const all = hierarchies();
  return all.length > 0 && all.every(({ folder }) => isWritable(folder));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** No cgroup but the runtime's own. */
export const noCgroups: Cgroups = { folders: [], made: [], freezer: undefined };

/** Whether `resources` ask for limits, which take a cgroup. */
export const asksForLimits = (resources: Resources): boolean => limitWrites(resources, "v2").length > 0;

/** The cgroups of `path` that will be made, without making them. */
export function planCgroups(path: string): Cgroups {
  const all = hierarchies();
  const isUnified = isUnifiedOnly(all);
  const folders = all.map((one) => cgroupFolder(one, path));
  const freezing = all.find(({ controllers }) => isUnified || controllers.includes("freezer"));
  const made = folders.filter((folder) => !existsSync(folder));
  if (freezing === undefined) return { folders, made, freezer: undefined };
  const file = isUnified ? "cgroup.freeze" : "freezer.state";
  return { folders, made, freezer: join(cgroupFolder(freezing, path), file) };
}

/** Makes them and sets their limits. Throws Solo5Error. */
export function makeCgroups(path: string, resources: Resources): void {
  const all = hierarchies();
  for (const one of all) makeFolder(one, cgroupFolder(one, path));
  setLimits(
    all.map((one) => cgroupFolder(one, path)),
    resources,
  );
}

/** Sets the limits of a container's cgroups. Throws Solo5Error; a limit that the kernel refuses is an error with its name. */
export function setLimits(folders: readonly string[], resources: Resources): void {
  const all = hierarchies();
  const isUnified = isUnifiedOnly(all);
  for (const { controller, file, value } of limitWrites(resources, isUnified ? "v2" : "v1")) {
    const home = all.find(({ controllers }) => isUnified || controllers.includes(controller));
    const folder = folders.find((one) => home !== undefined && one.startsWith(`${home.folder}/`));
    if (folder === undefined)
      throw configError("linux.resources", `there is no cgroup controller ${controller} for ${file}`);
    const target = join(folder, file);
    try {
      writeFileSync(target, value);
    } catch (cause) {
      // Kernels without swap accounting have no such file; without swap there is nothing to limit.
      if (/memsw|swap/.test(file) && !existsSync(target)) continue;
      throw configError("linux.resources", `${target}: ${value}: ${systemErrorMessage(cause)}`);
    }
  }
}

function makeFolder(hierarchy: Hierarchy, folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent.startsWith(hierarchy.folder) && parent !== hierarchy.folder) makeFolder(hierarchy, parent);
  if (hierarchy.isUnified) enableControllers(parent);
  try {
    mkdirSync(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST")
      throw configError("linux.cgroupsPath", `${folder}: ${systemErrorMessage(cause)}`);
  }
  if (hierarchy.controllers.includes("cpuset")) {
    // A set without CPUs takes no process.
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      if (readFileSync(join(folder, file), "latin1").trim() === "")
        writeFileSync(join(folder, file), readFileSync(join(parent, file)));
  }
}

/** What a cgroup of version 2 has, its children get; those that the kernel does not give are missed where they are asked for. */
function enableControllers(parent: string): void {
  let names: readonly string[];
  try {
    names = readFileSync(join(parent, "cgroup.controllers"), "latin1").trim().split(" ");
  } catch {
    return;
  }
  for (const name of names.filter((one) => one !== "")) {
    try {
      writeFileSync(join(parent, "cgroup.subtree_control"), `+${name}`);
    } catch {
      continue;
    }
  }
}

export function enterCgroups({ folders }: Pick<Cgroups, "folders">, pid: number): void {
  for (const folder of folders) {
    try {
      writeFileSync(join(folder, "cgroup.procs"), String(pid));
    } catch (cause) {
      throw configError("linux.cgroupsPath", `${folder}: ${systemErrorMessage(cause)}`);
    }
  }
}

/** Puts the process into the cgroup `path` of those hierarchies that none of `folders` is in, and makes it there; gives its folders. */
export function enterOthers(path: string, folders: readonly string[], pid: number): readonly string[] {
  const others = hierarchies().filter(
    ({ folder }) => !folders.some((entered) => entered.startsWith(`${folder}/`)),
  );
  const made = others.map((one) => cgroupFolder(one, path));
  others.forEach((one, i) => makeFolder(one, made[i] ?? ""));
  enterCgroups({ folders: made }, pid);
  return made;
}

/** The processes in a container's cgroups. */
export function processesIn(folders: readonly string[]): readonly number[] {
  const found = folders.flatMap((folder) => {
    try {
      return readFileSync(join(folder, "cgroup.procs"), "latin1").trim().split("\n").map(Number);
    } catch {
      return [];
    }
  });
  return [...new Set(found.filter((pid) => pid > 0))];
}

/** Removes them. False where one is still in use. */
export function removeCgroups(folders: readonly string[]): boolean {
  let isGone = true;
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "EBUSY") isGone = false;
    }
  }
  return isGone;
}
