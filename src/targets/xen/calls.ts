// A domain's hypercalls by their numbers. docs/abi.md 11.2.
import { hypercall, operation, type XenHypercall } from "../../abi/xen.js";
import type { Registers } from "../../engine/contract.js";
import {
  failed,
  type Arguments,
  type CallContext,
  type XenOperation,
  type CallOutcome,
} from "./calls/contract.js";
import { domainCalls } from "./calls/domain.js";
import { eventCalls } from "./calls/events.js";
import { grantCalls } from "./calls/grants.js";
import { memoryCalls } from "./calls/memory.js";
import { schedCalls } from "./calls/sched.js";
import { argumentRegisters, numberRegister } from "./isa/x86-64.js";

type Operations = {
  readonly [H in keyof typeof operation]: { readonly [K in keyof (typeof operation)[H]]: XenOperation };
};

/** What each does: a missing or misspelt operation does not compile. */
const operations: Operations = {
  ...domainCalls,
  ...eventCalls,
  ...grantCalls,
  ...memoryCalls,
  ...schedCalls,
};

const byNumber = (numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
const names = byNumber(hypercall) as ReadonlyMap<number, XenHypercall>;
const operationNames = new Map(
  Object.entries(operation).map(([name, numbers]) => [name as XenHypercall, byNumber(numbers)]),
);

/** The hypercall of a number, and its operation by the first argument; undefined where there is none. */
export function callName(
  number: number,
  [first = 0n]: Arguments,
): readonly [XenHypercall, string?] | undefined {
  const name = names.get(number);
  if (name === undefined || name === "set_timer_op") return name && [name];
  const sub = operationNames.get(name)?.get(Number(first & 0xffff_ffffn));
  return sub === undefined ? undefined : [name, sub];
}

/** Does the one that the guest has made. */
export function performNext(context: CallContext, registers: Pick<Registers, "get">): CallOutcome {
  const number = Number(registers.get(numberRegister) & 0xffff_ffffn);
  const args = argumentRegisters.map((name) => registers.get(name));
  const call = callName(number, args);
  if (call === undefined) return failed("ENOSYS");
  const [name, sub = ""] = call;
  if (name === "set_timer_op") return setTimer(context, args);
  return (
    (operations[name] as Readonly<Record<string, XenOperation>>)[sub]?.(context, args) ?? failed("ENOSYS")
  );
}

/** The timer's event at an absolute time; 0 is never. */
const setTimer: XenOperation = ({ machine }, [time = 0n]) => {
  machine.timer = time === 0n ? undefined : BigInt.asIntN(64, time);
  return { result: 0 };
};
