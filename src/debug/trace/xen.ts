// What a xen guest asks of Xen for a trace; what it has its devices do, they tell themselves.
import { hex } from "../../bytes/text.js";
import { callName } from "../../targets/xen/calls.js";
import { argumentRegisters, numberRegister, resultRegister } from "../../targets/xen/isa/x86-64.js";
import { describeMachine } from "./machine.js";
import type { Describer } from "./trace.js";

/** Arguments that are shown: no hypercall that there is has more. */
const shown = 3;

export const describeDomain: Describer = (guest, vcpu) => {
  const { registers } = vcpu;
  const describe = describeMachine(guest, vcpu);
  return (exit) => {
    if (exit.kind !== "hypercall") return describe(exit);
    const number = Number(registers.get(numberRegister) & 0xffff_ffffn);
    const args = argumentRegisters.map((name) => registers.get(name));
    const [name = `hypercall_${number}`, sub] = callName(number, args) ?? [];
    const rest = args.slice(sub === undefined ? 0 : 1, shown).map((value) => hex(value));
    return {
      text: `${name}(${[...(sub === undefined ? [] : [sub]), ...rest].join(", ")})`,
      result: () => `${BigInt.asIntN(64, registers.get(resultRegister))}`,
    };
  };
};
