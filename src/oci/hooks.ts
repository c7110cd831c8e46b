// Hooks: programs that are run at six points of a container's life, with its state on their stdin. OCI Runtime
// Specification, "POSIX-platform Hooks" and "Lifecycle".
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { closeSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import { withNul } from "../bytes/text.js";
import { writeExecutable } from "../sealed/elf-writer.js";
import { memoryExecutable } from "../host/linux/exec.js";
import { hostIsa } from "../host/any/host-isa.js";
import { launchBase, launchPage } from "../sealed/launch/page.js";
import type { LaunchStep } from "../sealed/launch/step.js";
import * as linux from "../abi/linux/syscalls.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import { configError } from "./config/check.js";
import { hookKinds, type Config, type Hook, type HookKind } from "./config/types.js";
import { namespaceFlag, namespaceLink, type NamespaceType } from "./prologue/namespaces.js";

export function checkHooks({ hooks = {} }: Config): void {
  for (const kind of hookKinds)
    for (const [i, { path, timeout }] of (hooks[kind] ?? []).entries()) {
      if (!path.startsWith("/")) throw configError(`hooks.${kind}[${i}].path`, "must be an absolute path");
      if (timeout !== undefined && timeout <= 0)
        throw configError(`hooks.${kind}[${i}].timeout`, "must be more than 0");
    }
}

/** A process whose namespaces a hook is to be run in. */
export interface HookPlace {
  readonly pid: number;
  readonly namespaces: readonly NamespaceType[];
}

/** Runs hooks in their order. Throws Solo5Error for the first that fails. */
export function runHooks(
  kind: HookKind,
  hooks: readonly Hook[] | undefined,
  state: object,
  place?: HookPlace,
): void {
  for (const hook of hooks ?? []) {
    const why = failure(run(hook, JSON.stringify(state), place));
    if (why !== undefined) throw new Solo5Error("CONTAINER", `${kind} hook ${hook.path}: ${why}`);
  }
}

function failure({ error, status, signal, stderr }: SpawnSyncReturns<string>): string | undefined {
  if (error !== undefined && (error as NodeJS.ErrnoException).code === "ETIMEDOUT") return "timed out";
  // A hook need not read its stdin.
  if (error !== undefined && (error as NodeJS.ErrnoException).code !== "EPIPE")
    return systemErrorMessage(error);
  if (status === 0) return undefined;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return `${signal === null ? `status ${status}` : signal}${said === "" ? "" : `: ${said}`}`;
}

function run(hook: Hook, input: string, place: HookPlace | undefined): SpawnSyncReturns<string> {
  const { path, args = [path], env = [], timeout } = hook;
  const options = {
    input,
    encoding: "utf8",
    timeout: timeout === undefined ? undefined : timeout * 1000,
    killSignal: "SIGKILL",
  } as const;
  if (place === undefined) {
    const variables = Object.fromEntries(
      env.map((one) => {
        const [, name = one, value = ""] = /^([^=]*)=(.*)$/s.exec(one) ?? [];
        return [name, value];
      }),
    );
    return spawnSync(path, args.slice(1), { ...options, argv0: args[0] ?? path, env: variables });
  }
  const fd = memoryExecutable(entering(path, args, env, place), "hook");
  try {
    return spawnSync(`/proc/${process.pid}/fd/${fd}`, [], { ...options, env: {} });
  } finally {
    closeSync(fd);
  }
}

/** A program that enters the namespaces of a process and becomes the hook. */
function entering(
  path: string,
  args: readonly string[],
  env: readonly string[],
  { pid, namespaces }: HookPlace,
): Uint8Array {
  const first = 3;
  const steps: LaunchStep[] = [
    { op: "call", call: "close_range", args: [first, 0xffff_ffff, 0], fail: "close_range" },
  ];
  namespaces.forEach((type, i) => {
    const file = `/proc/${pid}/ns/${namespaceLink(type)}`;
    const opening = [linux.atFdcwd, { data: withNul(file) }, linux.open.closeOnExec, 0];
    steps.push({ op: "call", call: "openat", args: opening, fail: file, expect: BigInt(first + i) });
  });
  namespaces.forEach((type, i) =>
    steps.push({ op: "call", call: "setns", args: [first + i, namespaceFlag(type)], fail: `setns ${type}` }),
  );
  steps.push({
    op: "call",
    call: "execveat",
    args: [linux.atFdcwd, { data: withNul(path) }, { table: args.map(withNul) }, { table: env.map(withNul) }, 0],
    fail: path,
  }); // prettier-ignore
  const isa = hostIsa() ?? "x86-64";
  const { page, entry } = launchPage(isa, { prefix: "", steps });
  const segments = [{ vaddr: launchBase, data: page, read: true, write: false, execute: true }];
  return writeExecutable({ isa, entry, segments, describedBy: undefined });
}
