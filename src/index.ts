// The public interface: open a unikernel, attach its devices, run it or seal it. docs/api.md shows it in use.
import { basename } from "node:path";
import { readUnikernel, type Unikernel } from "./image/unikernel.js";
import { hostDevices, sealingDevices } from "./host/this-host.js";
import { chooseEngine, start } from "./node/engines.js";
import { readFile } from "./host/any/files.js";
import { nodeSockets } from "./host/any/sockets.js";
import { systemErrorMessage } from "./host/any/system-error.js";
import type { UserOptions } from "./net/user/source.js";
import { openUserNet, type UserNet } from "./net/user/user-net.js";
import { handOver, type Running, type RunOptions } from "./tender/running.js";
import { guestOutput } from "./tender/output.js";
import { stdoutConsole } from "./host/any/console.js";
import type { DebugRequest } from "./tender/debug-request.js";
import { sealedFile } from "./sealed/seal.js";
import { processPlan } from "./node/genode-process.js";
import { attach as attachTo, type AttachOptions, type Plan } from "./tender/attach.js";

export * from "./tender/interface.js";
export type { OpenForward, UserNet } from "./net/user/user-net.js";
export type { DebugRequest } from "./tender/debug-request.js";
export type { NodeRunOptions as RunOptions };

/** Reads a unikernel from a file or from its bytes, which messages then call `name`. Throws Solo5Error. */
export function open(file: string | Uint8Array, name?: string): Unikernel {
  return typeof file === "string"
    ? readUnikernel(readFile(file), name ?? file)
    : readUnikernel(file, name ?? "unikernel");
}

/** Attaches every declared device and checks everything that the user says. Throws Solo5Error; nothing stays open. */
export function attach(unikernel: Unikernel, options: AttachOptions = {}): Plan {
  return attachTo(unikernel, options, options.isSealed === true ? sealingDevices : hostDevices);
}

/** A network without root, to attach as a device: its forwards can be opened and closed while the unikernel runs. Throws Solo5Error. */
export function createUserNet(options: UserOptions = {}): UserNet {
  return openUserNet(options, nodeSockets(systemErrorMessage));
}

/** What `run` takes in Node, beside what every host's takes. */
interface NodeRunOptions extends Omit<RunOptions, "cache"> {
  /** Where translated code is kept for later runs: in a folder, or not at all. By default in the user's cache folder. */
  readonly cache?: string | boolean | undefined;
  /** What is to be seen of the unikernel. Nothing by default. */
  readonly debug?: DebugRequest | undefined;
  /** What the process is called. By default as the unikernel's file. */
  readonly name?: string | undefined;
  /** What lines on stderr begin with: those of `debug`, and of memory that is adjusted. `name` by default. */
  readonly reporter?: string | undefined;
}

/** Runs a plan beside this process's other work. Throws Solo5Error where it cannot start. */
export function run(plan: Plan, options: NodeRunOptions = {}): Running {
  const { engine: wanted, console, cache = true, debug, signal } = options;
  const { name = basename(plan.unikernel.name), reporter = name } = options;
  const engine = chooseEngine(plan, wanted, debug).name;
  const output = guestOutput(console, stdoutConsole);
  const folder = typeof cache === "string" ? cache : undefined;
  const started = start(plan, engine, {
    name,
    reporter,
    console: output.console,
    debug,
    cache: cache === false ? "none" : folder,
  });
  return handOver(engine, started, output, signal);
}

/**
 * A static Linux executable that is the plan's spt unikernel with its devices attached; it needs no tender. What
 * interfaces are is found when it starts, disks were measured when the plan was made. Throws Solo5Error.
 */
export const seal = (plan: Plan): Uint8Array => sealedFile(processPlan(plan));
