// What is remembered of containers: a folder each, in it one file, which is written whole, and the FIFO that `start` opens and
// removes. A container's status is not remembered, but seen: so that no call that is killed leaves a wrong one.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import type { ContainerBundle } from "./bundle.js";
import type { OwnScope } from "./cgroup/systemd.js";
import type { Hook } from "./config/types.js";
import type { NamespaceType } from "./prologue/namespaces.js";
import { identify, isAlive, type ProcessId } from "./process.js";

export type Status = "creating" | "created" | "running" | "paused" | "stopped";

/** What state.json has. */
export interface Container {
  readonly id: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly created: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The process that makes the container. */
  readonly creator: ProcessId;
  /** Whether all is made but the start. */
  readonly isComplete: boolean;
  /** The unikernel's process. */
  readonly init?: ProcessId;
  /** Folders of cgroups that were made for it, in the order that they were made in. */
  readonly cgroups: readonly string[];
  /** systemd's, where the cgroups are systemd's. */
  readonly scope?: OwnScope | undefined;
  /** The folder whose cgroup.freeze or freezer.state stops it. */
  readonly freezer?: string | undefined;
  /** Those that are not the runtime's, of which hooks may be in. */
  readonly namespaces: readonly NamespaceType[];
  /** Interfaces that the unikernel has to itself, of a network namespace that is another's. */
  readonly interfaces?: { readonly namespace: string; readonly indexes: readonly number[] } | undefined;
  readonly startContainer: readonly Hook[];
  readonly poststart: readonly Hook[];
  readonly poststop: readonly Hook[];
  /** A runtime that has the container instead. */
  readonly delegate?: string;
}

const stateFile = "state.json";
const fifoFile = "start";

export const containerError = (id: string, reason: string): Solo5Error =>
  new Solo5Error("CONTAINER", `container '${id}': ${reason}`);

/** As other runtimes have it; nothing else becomes a name of a file. Throws Solo5Error. */
export function checkId(id: string): string {
  if (/^[\w+.-]{1,1024}$/.test(id) && id !== "." && id !== "..") return id;
  throw new Solo5Error(
    "CONTAINER",
    `container '${id.slice(0, 64)}': an id has letters, digits, and _ + . - only`,
  );
}

export const folderOf = (root: string, id: string): string => join(root, checkId(id));
export const fifoOf = (root: string, id: string): string => join(folderOf(root, id), fifoFile);

/** What no id begins with: folders on their way to become a container's, with the number of the process that makes them. */
const unfinished = "~";

/** Takes the container's id, unless it is taken: its folder comes into being with all that it has. Throws Solo5Error. */
export function claim(root: string, container: Container): void {
  const { id } = container;
  const folder = folderOf(root, id);
  const temporary = join(root, `${unfinished}${process.pid}`);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    sweep(root);
    mkdirSync(temporary, { mode: 0o700 });
    writeFileSync(join(temporary, stateFile), JSON.stringify(container), { mode: 0o600 });
    renameSync(temporary, folder);
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTEMPTY") throw containerError(id, "it exists already");
    throw containerError(id, `${root}: ${systemErrorMessage(cause)}`);
  }
}

/** Folders of processes that were killed. */
function sweep(root: string): void {
  for (const name of readdirSync(root)) {
    if (!/^~\d+$/.test(name)) continue;
    if (!existsSync(`/proc/${name.slice(unfinished.length)}`))
      rmSync(join(root, name), { recursive: true, force: true });
  }
}

export function writeContainer(root: string, container: Container): void {
  const path = join(folderOf(root, container.id), stateFile);
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(container), { mode: 0o600 });
  renameSync(temporary, path);
}

/** The state of another runtime that has containers for this one. */
export const delegatedFolder = (root: string): string => join(root, `${unfinished}delegated`);

/** Undefined where there is none. */
export function findContainer(root: string, id: string): Container | undefined {
  const folder = folderOf(root, id);
  try {
    return JSON.parse(readFileSync(join(folder, stateFile), "utf8")) as Container;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT")
      throw containerError(id, `${join(folder, stateFile)}: ${systemErrorMessage(cause)}`);
    return undefined;
  }
}

/** Throws Solo5Error where there is none. */
export function readContainer(root: string, id: string): Container {
  const found = findContainer(root, id);
  if (found === undefined) throw containerError(id, "it does not exist");
  return found;
}

export function allContainers(root: string): readonly Container[] {
  let names: readonly string[];
  try {
    names = readdirSync(root);
  } catch {
    return [];
  }
  return names.flatMap((id) => (id.startsWith(unfinished) ? [] : (tryFind(root, id) ?? [])));
}

/** One whose file is damaged hides no other. */
export function tryFind(root: string, id: string): Container | undefined {
  try {
    return findContainer(root, id);
  } catch {
    return undefined;
  }
}

export const forget = (root: string, id: string): void =>
  rmSync(folderOf(root, id), { recursive: true, force: true });

export function statusOf(root: string, { id, init, isComplete, creator, freezer }: Container): Status {
  if (init === undefined || !isAlive(init)) return !isComplete && isAlive(creator) ? "creating" : "stopped";
  if (!isComplete) return isAlive(creator) ? "creating" : "stopped";
  if (statSync(fifoOf(root, id), { throwIfNoEntry: false }) !== undefined) return "created";
  return isFrozen(freezer) ? "paused" : "running";
}

function isFrozen(freezer: string | undefined): boolean {
  if (freezer === undefined) return false;
  try {
    return /^(FROZEN|FREEZING|1)\s*$/.test(readFileSync(freezer, "latin1"));
  } catch {
    return false;
  }
}

interface State {
  readonly status: Status;
  readonly pid: number;
  readonly [more: string]: unknown;
}

/** The state as the specification has it, and what containerd's and podman's readers look for beside it. */
export function stateObject(root: string, container: Container, status = statusOf(root, container)): State {
  const { id, bundle, rootfs, created, annotations, init } = container;
  const pid = status === "stopped" || init === undefined ? 0 : init.pid;
  return { status, pid, ociVersion, id, bundle, rootfs, created, annotations };
}

/** What is written down of every container before it is made. */
export const newContainer = (
  id: string,
  {
    folder,
    rootfs,
    config: { annotations = {}, hooks = {} },
  }: Pick<ContainerBundle, "folder" | "rootfs" | "config">,
): Container => ({
  id,
  bundle: folder,
  rootfs,
  created: new Date().toISOString(),
  annotations,
  creator: identify(process.pid),
  isComplete: false,
  cgroups: [],
  namespaces: [],
  startContainer: hooks.startContainer ?? [],
  poststart: hooks.poststart ?? [],
  poststop: hooks.poststop ?? [],
});

export const ociVersion = "1.2.0";
