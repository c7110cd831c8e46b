// Faults on their way: to the guest's handlers, or to the host where the guest takes none.
import type { Fault } from "../contract.js";
import type { Core } from "./core.js";
import { TripleFault } from "./exceptions.js";
import { GuestFault, mnemonicOf } from "./fault.js";
import { hexOf } from "./paging.js";

const faultOf = (fault: GuestFault, pc: number, more = ""): Fault => ({
  vector: fault.vector,
  code: fault.code,
  address: BigInt.asUintN(64, BigInt(fault.address ?? pc)),
  access: fault.access,
  refusedBy: fault.refusedBy,
  reason: `${mnemonicOf(fault.vector)} at ${hexOf(pc)}: ${fault.reason}${more}`,
});

/** See `VcpuCore.takeFault`. */
export function takeFault(core: Core, thrown: unknown): Fault | undefined {
  if (thrown instanceof TripleFault) return faultOf(thrown.first, core.pc, " (triple fault)");
  if (!(thrown instanceof GuestFault)) throw thrown;
  const fault = core.refine(thrown);
  if (core.exceptions === "exit" || fault.refusedBy === "host") {
    core.next = core.pc;
    return faultOf(fault, core.pc);
  }
  try {
    core.deliverFault(fault);
    return undefined;
  } catch (error) {
    if (!(error instanceof TripleFault)) throw error;
    return faultOf(error.first, core.pc, " (triple fault)");
  }
}
