// What a kind of network is to a command line: its form, what it is for, how it is read and written.
import { Solo5Error } from "../bytes/error.js";
import type { NetSource } from "./source.js";

export interface NetScheme<S extends NetSource> {
  /** As the usage has it. */
  readonly form: string;
  readonly help: readonly string[];
  /** The source that `value` names; undefined where it is of another scheme. Throws Solo5Error. */
  parse(value: string): S | undefined;
  /** What `parse` reads as `source`. */
  format(source: S): string;
  /** What a unikernel without DHCP is to be told of it on its command line, where that is known. */
  guestOptions?(source: S): string;
}

/** What every failure to attach a network begins with. */
export const netError = (name: string, why: string, cause?: unknown): Solo5Error =>
  new Solo5Error("NET", `Could not attach interface: ${name}: ${why}`, { cause });
