// The line of external interrupts of a virtual CPU whose interrupt controller is not the kernel's: KVM says when the guest would take one.
// Linux, Documentation/virt/kvm/api.rst, 4.16 and 5.
import { encode } from "../../bytes/struct.js";
import type { Interruptible } from "../../engine/contract.js";
import { checked, type System } from "../system.js";
import { interrupt, request, runHead } from "./abi.js";

const { ready_for_interrupt_injection: ready, request_interrupt_window: window } = runHead.offsets;

export interface ExternalInterrupts extends Interruptible {
  /** Gives the guest what it may take now; to be called before each KVM_RUN. */
  inject(): void;
}

export function createExternalInterrupts(sys: System, vcpu: number, run: DataView): ExternalInterrupts {
  let acknowledge: (() => number | undefined) | undefined;
  return {
    interrupt: (given) => void (acknowledge = given),
    inject() {
      const isReady = run.getUint8(ready) !== 0;
      if (acknowledge !== undefined && isReady) {
        const vector = acknowledge();
        acknowledge = undefined;
        if (vector !== undefined)
          checked(
            sys.ioctl(vcpu, request.INTERRUPT, encode(interrupt, { irq: vector })),
            "KVM: KVM_INTERRUPT",
          );
      }
      run.setUint8(window, acknowledge === undefined ? 0 : 1);
    },
  };
}
