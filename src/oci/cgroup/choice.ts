// Which cgroup a container gets, and whose hand makes it: the file system's, systemd's, or none.
import { isHostRoot } from "../call.js";
import type { Config } from "../config/types.js";
import {
  asksForLimits,
  enterCgroups,
  enterOthers,
  makeCgroups,
  mayMakeCgroups,
  noCgroups,
  planCgroups,
  setLimits,
  type Cgroups,
} from "./cgroupfs.js";
import { sliceFolder, slicePath } from "./slices.js";
import { enterScope, freezerIn, scopeOf, type OwnScope } from "./systemd.js";

export interface CgroupChoice {
  /** What is known before anything is made. */
  readonly planned: Cgroups;
  readonly scope?: OwnScope;
  make(): void;
  /** Puts the process there; the cgroups as they are then. */
  enter(pid: number): Cgroups;
}

/** Each step throws Solo5Error. */
export function chooseCgroups({ linux }: Config, id: string, isSystemd: boolean): CgroupChoice {
  const { cgroupsPath = "", resources = {} } = linux ?? {};
  if (isSystemd) {
    const isUser = !isHostRoot();
    const scope = scopeOf(cgroupsPath, id, isUser);
    const path = `${sliceFolder(scope.slice)}/${scope.name}`;
    return {
      planned: isUser ? noCgroups : planCgroups(path),
      scope: { name: scope.name, isUser },
      make() {},
      enter(pid) {
        const entered = enterScope(scope, pid, resources, isUser);
        const folders = isUser ? entered : [...entered, ...enterOthers(path, entered, pid)];
        setLimits(folders, resources);
        return { folders, made: folders, freezer: freezerIn(folders) };
      },
    };
  }
  // Who is not root stays in the cgroup that they are in, where nothing else is asked for.
  if (cgroupsPath === "" && !asksForLimits(resources) && !mayMakeCgroups())
    return { planned: noCgroups, make() {}, enter: () => noCgroups };
  const path = cgroupsPath === "" ? `/solo5-${id}` : slicePath(cgroupsPath);
  const planned = planCgroups(path);
  return {
    planned,
    make: () => makeCgroups(path, resources),
    enter(pid) {
      enterCgroups(planned, pid);
      return planned;
    },
  };
}
