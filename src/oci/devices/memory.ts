// The guest's memory, where no annotation tells: the limit of the container's cgroup, less what the kernel counts beside it.
import type { TargetName } from "../../abi/notes.js";
import { defaultMemMiB } from "../../abi/start.js";
import { configError } from "../config/check.js";
import type { Config } from "../config/types.js";

const mebibyte = 2 ** 20;
/** Page tables are a 512th of what is touched; a sealed process itself has less than 1 MiB, Node with what it translates much more. */
const overhead = (limit: number, target: TargetName): number =>
  (target === "hvt" ? 192 : 1) * mebibyte + limit / 256;

/** MiB; the limit may be larger than any guest's memory. */
export function guestMemory({ linux }: Config, target: TargetName): number {
  const limit = linux?.resources?.memory?.limit ?? -1;
  if (limit <= 0) return defaultMemMiB;
  const left = Math.floor((limit - overhead(limit, target)) / mebibyte);
  if (left < 1 && target === "hvt")
    throw configError(
      "linux.resources.memory.limit",
      `${limit} bytes are too few for an hvt unikernel, beside which Node takes up to ${overhead(limit, target)}`,
    );
  return Math.max(1, Math.min(defaultMemMiB, left));
}
