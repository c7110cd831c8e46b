// Namespaces by the names that config.json has for them: namespaces(7), clone(2).
import { configError } from "../config/check.js";
import type { Config } from "../config/types.js";

interface Kind {
  readonly flag: number;
  /** The link in /proc/PID/ns. */
  readonly link: string;
}

/** In the order to enter them: what follows is the user namespace's to allow; behind the mount namespace paths mean other files. */
const kinds = {
  user: { flag: 0x1000_0000, link: "user" },
  cgroup: { flag: 0x0200_0000, link: "cgroup" },
  ipc: { flag: 0x0800_0000, link: "ipc" },
  uts: { flag: 0x0400_0000, link: "uts" },
  network: { flag: 0x4000_0000, link: "net" },
  pid: { flag: 0x2000_0000, link: "pid" },
  time: { flag: 0x0000_0080, link: "time" },
  mount: { flag: 0x0002_0000, link: "mnt" },
} as const satisfies Record<string, Kind>;
export type NamespaceType = keyof typeof kinds;

export const namespaceFlag = (type: NamespaceType): number => kinds[type].flag;
export const namespaceLink = (type: NamespaceType): string => kinds[type].link;

export interface Namespaces {
  /** Those that exist, in the order to enter them. */
  readonly joined: readonly { readonly type: NamespaceType; readonly path: string }[];
  /** Those to be made. */
  readonly made: ReadonlySet<NamespaceType>;
}

/**
 * A new namespace of processes is not made: its first process is deaf to SIGTERM, and a unikernel neither sees nor signals
 * another process. Throws Solo5Error.
 */
export function readNamespaces({ linux }: Config): Namespaces {
  const given = new Map<NamespaceType, string | undefined>();
  for (const [i, { type, path }] of (linux?.namespaces ?? []).entries()) {
    const field = `linux.namespaces[${i}]`;
    if (!Object.hasOwn(kinds, type)) throw configError(`${field}.type`, `${type} is not known`);
    if (path !== undefined && path !== "" && !path.startsWith("/"))
      throw configError(`${field}.path`, "must be an absolute path");
    given.set(type as NamespaceType, path === "" ? undefined : path);
  }
  const types = Object.keys(kinds) as NamespaceType[];
  return {
    joined: types.flatMap((type) => {
      const path = given.get(type);
      return path === undefined ? [] : [{ type, path }];
    }),
    made: new Set(types.filter((type) => type !== "pid" && given.has(type) && given.get(type) === undefined)),
  };
}
