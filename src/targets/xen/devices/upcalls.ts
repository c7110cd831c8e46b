// How events interrupt a domain: by a vector of its local APIC, once when the virtual CPU's mark is set, or by a vector that needs no
// APIC, as long as the mark is set. Xen's public headers hvm/hvm_op.h and hvm/params.h.
import { callbackByVector, vcpuInfo } from "../../../abi/xen.js";
import { stateIn, type Stateful } from "../../../bytes/plain.js";
import type { Apic } from "./apic.js";
import type { Upcall } from "./events.js";
import type { SharedPage } from "./shared-page.js";

export interface Upcalls extends Upcall {
  /** The value of the domain's parameter. */
  setCallback(value: bigint): void;
  setVector(vector: number): void;
  readonly isPending: boolean;
  /** What the CPU asks when it takes the interrupt. */
  acknowledge(): number | undefined;
  readonly stateful: Stateful;
}

export function createUpcalls(apic: Apic, page: SharedPage): Upcalls {
  const state = { vector: 0, callback: 0 };
  const isMarked = (): boolean => page.vcpu().getUint8(vcpuInfo.offsets.upcallPending) !== 0;
  const byMark = (): number | undefined =>
    state.vector === 0 && state.callback !== 0 && isMarked() ? state.callback : undefined;
  return {
    marked() {
      if (state.vector !== 0) apic.request(state.vector);
    },
    setCallback(value) {
      state.callback = value >> 56n === callbackByVector ? Number(value & 0xffn) : 0;
    },
    setVector(vector) {
      state.vector = vector;
      // Xen has one interrupt come at once, whether there is an event or not.
      apic.request(vector);
    },
    get isPending() {
      return apic.pending !== undefined || byMark() !== undefined;
    },
    acknowledge: () => apic.acknowledge() ?? byMark(),
    stateful: stateIn(state),
  };
}
