// The guest's memory, where no annotation tells: the limit of the container's cgroup, less what the kernel counts beside it.
import { defaultMemMiB } from "../../abi/start.js";
import type { Config } from "../config/types.js";

const mebibyte = 2 ** 20;
/** Page tables are a 512th of what is touched; the process itself has less than 1 MiB. */
const overhead = (limit: number): number => mebibyte + limit / 256;

/** MiB; the limit may be larger than any guest's memory. */
export function guestMemory({ linux }: Config): number {
  const limit = linux?.resources?.memory?.limit ?? -1;
  if (limit <= 0) return defaultMemMiB;
  return Math.max(1, Math.min(defaultMemMiB, Math.floor((limit - overhead(limit)) / mebibyte)));
}
