// What an operation of a hypercall is.
import { errno, portMax } from "../../../abi/xen.js";
import type { AnyStruct, ValueOf } from "../../../bytes/struct.js";
import type { Console } from "../../../device/contract.js";
import type { Machine } from "../devices/machine.js";
import type { GuestData } from "../guest-data.js";

/** What the guest waits for: an event that is not masked, or one of some ports. */
export type Wait =
  | { readonly kind: "event" }
  | { readonly kind: "ports"; readonly ports: readonly number[]; readonly deadline: bigint | undefined };

/** What becomes of a hypercall: its result, 0 after a wait, or the end of the domain for a reason. */
export type CallOutcome =
  | { readonly result: number }
  | { readonly wait: Wait }
  | { readonly shutdown: number };

export interface CallContext {
  readonly machine: Machine;
  readonly data: GuestData;
  readonly console: Console;
  now(): bigint;
}

/** By register. */
export type Arguments = readonly bigint[];
export type XenOperation = (context: CallContext, args: Arguments) => CallOutcome;

export const okay: CallOutcome = { result: 0 };
export const failed = (error: keyof typeof errno): CallOutcome => ({ result: -errno[error] });
export const resultOf = (result: number): CallOutcome => ({ result });
/** Whether a port can be one. */
export const isPort = (port: number): boolean => port > 0 && port < portMax;

/** An operation whose second argument points to `layout`: `act` is given a copy, and may tell what to write back. */
export const withStruct =
  <S extends AnyStruct>(
    layout: S,
    act: (value: ValueOf<S>, context: CallContext) => CallOutcome | { readonly write: Partial<ValueOf<S>> },
    argument = 1,
  ): XenOperation =>
  (context, args) => {
    const at = args[argument] ?? 0n;
    const value = context.data.readStruct(layout, at);
    if (value === undefined) return failed("EFAULT");
    const outcome = act(value, context);
    if (!("write" in outcome)) return outcome;
    return context.data.update(layout, at, outcome.write) ? okay : failed("EFAULT");
  };
