// What runs a plan on this host: a process, a virtual machine, an engine of our own.
import type { TargetName } from "../abi/notes.js";
import type { Console } from "../device/contract.js";
import type { DebugRequest, DebugTool } from "./debug-request.js";
import type { Plan } from "./attach.js";
import type { Started } from "./running.js";

export interface StartOptions {
  /** What the process is called. */
  readonly name: string;
  /** What messages begin with. */
  readonly reporter: string;
  /** Takes the output. By default this process's stdout. */
  readonly console?: Console | undefined;
  /** The folder for translated code, or `none`. By default the user's own. */
  readonly cache?: string | undefined;
  /** What is to be seen of the guest. Nothing by default. */
  readonly debug?: DebugRequest | undefined;
  /** The process is this guest's alone, and may lose its privileges. By default it goes on with something else. */
  readonly isSolitary?: true | undefined;
}

export interface Engine {
  /** What of debugging it can do. */
  readonly debugs: readonly DebugTool[];
  /** Targets that the engine is made for. That it runs no others is not worth a line. */
  readonly targets: readonly TargetName[];
  /**
   * Why the engine is not the one to run `plan` here; undefined where it is. A user who `insisted` on it also takes
   * what works, but worse than another engine would.
   */
  unsupportedReason(plan: Plan, insisted: boolean): string | undefined;
  start(plan: Plan, options: StartOptions): Started;
}
