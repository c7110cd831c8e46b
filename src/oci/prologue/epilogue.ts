// What a container's unikernel does when all is made: it becomes its user, lets go of every capability, tells the runtime that it
// is ready by leaving the pipe of its errors, and waits for the start.
import { viewOf } from "../../bytes/struct.js";
import { alignUp } from "../../bytes/align.js";
import type { LaunchStep } from "../../sealed/launch/step.js";
import { startDescriptors } from "./prologue.js";

export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** Whether the groups that the process has must go: where the kernel does not let them, they are no more than the caller's. */
  readonly mustSetGroups: boolean;
}

const prctlDropBounding = 24;
/** CAP_CHECKPOINT_RESTORE, of Linux 5.9; a later kernel's further ones fall with the sets. */
const lastCapability = 40;
/** _LINUX_CAPABILITY_VERSION_3. */
const capabilityVersion = 0x2008_0522;

export function epilogue(user: User, fifo: number): readonly LaunchStep[] {
  const { standardError } = startDescriptors;
  const header = new Uint8Array(8);
  viewOf(header).setUint32(0, capabilityVersion, true);
  return [
    ...Array.from({ length: lastCapability + 1 }, (_, i): LaunchStep => ({
      op: "call",
      call: "prctl",
      args: [prctlDropBounding, i],
    })),
    setGroups(user),
    {
      op: "call",
      call: "setresgid",
      args: [user.gid, user.gid, user.gid],
      fail: `process.user.gid: ${user.gid}`,
    },
    {
      op: "call",
      call: "setresuid",
      args: [user.uid, user.uid, user.uid],
      fail: `process.user.uid: ${user.uid}`,
    },
    { op: "call", call: "capset", args: [{ data: header }, { data: new Uint8Array(24) }], fail: "capset" },
    { op: "call", call: "dup3", args: [standardError, 2, 0], fail: "dup3" },
    { op: "call", call: "close", args: [standardError], fail: "close" },
    { op: "call", call: "read", args: [fifo, { scratch: 0 }, 1], fail: "start", expect: 1n },
    { op: "call", call: "close", args: [fifo], fail: "close" },
  ];
}

function setGroups({ additionalGids, mustSetGroups }: User): LaunchStep {
  const list = new Uint8Array(alignUp(4 * additionalGids.length + 4, 8));
  additionalGids.forEach((gid, i) => viewOf(list).setUint32(4 * i, gid, true));
  const args = [additionalGids.length, { data: list }];
  const step: LaunchStep = { op: "call", call: "setgroups", args };
  if (!mustSetGroups && additionalGids.length === 0) return step;
  return { ...step, fail: "process.user.additionalGids: setgroups" };
}
