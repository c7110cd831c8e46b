// The shared cases on KVM: with a /dev/kvm that works, and in the rig of x86-64.
import { needs, needsAll } from "../../../test/needs.js";
import { programs } from "../../engine/x86-64/programs.cases.js";
import { vcpuCases, type CaseOptions } from "../../engine/vcpu.cases.js";
import type { Debuggable, Interruptible, Vcpu } from "../../engine/contract.js";
import { createCleanup } from "../../bytes/cleanup.js";
import { kvm } from "./driver.js";

const newKvmVcpu = await kvm.loadVcpu();
const skip = needsAll(needs.x8664Linux(), needs.kvm());

function newVcpu({ map }: CaseOptions): Vcpu & Debuggable & Interruptible {
  const cleanup = createCleanup();
  const vcpu = newKvmVcpu(kvm.open(cleanup), { isa: "x86-64", memory: map, isInterrupted: true });
  const { interrupt } = vcpu;
  if (interrupt === undefined) throw new RangeError("the virtual CPU has no line for interrupts");
  return {
    ...vcpu,
    interrupt,
    [Symbol.dispose]() {
      vcpu[Symbol.dispose]();
      cleanup.release();
    },
  };
}

vcpuCases({
  name: "KVM",
  programs,
  newVcpu,
  skip,
  without: {
    budgeted: "a thread of the host's brings it back",
    snapshottable: "the CPU does not count exactly",
    codeCached: "the CPU runs the guest's own code",
  },
});
