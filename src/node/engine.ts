// What runs a plan on this host: a process, a virtual machine, an engine of our own.
import type { TargetName } from "../abi/notes.js";
import type { Console } from "../device/contract.js";
import type { DebugRequest, DebugTool } from "./debug-request.js";
import type { Plan } from "../tender/attach.js";
import type { Started } from "../tender/running.js";

export interface StartOptions {
  /** What the process is called. */
  readonly name: string;
  /** What messages begin with. */
  readonly reporter: string;
  /** Takes the output; this process's stdout where absent. */
  readonly console?: Console | undefined;
  /** The folder for translated code, or `none`; the user's own where absent. */
  readonly cache?: string | undefined;
  /** What is to be seen of the guest; nothing where absent. */
  readonly debug?: DebugRequest | undefined;
}

export interface Engine {
  /** What of debugging it can do. */
  readonly debugs: readonly DebugTool[];
  /** The targets that the engine is made for; nobody is told that it is not for others. */
  readonly targets: readonly TargetName[];
  /**
   * Why the engine is not the one to run `plan` here; undefined where it is. A user who `insisted` on it also takes
   * what works, but worse than another engine would.
   */
  unsupportedReason(plan: Plan, insisted: boolean): string | undefined;
  start(plan: Plan, options: StartOptions): Started;
}
