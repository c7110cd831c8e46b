// What a domain asks of its CPU by an exit, and has at once: Xen's leaves and register, the local APIC, and ports and memory that are not
// there. docs/abi.md 11.1.
import { cpuidBase, cpuidSignature, hypercallMsr } from "../../abi/xen.js";
import { pageSize } from "../../bytes/align.js";
import type { Exit } from "../../engine/contract.js";
import { apicBase, apicSize } from "./devices/apic.js";
import type { Machine } from "./devices/machine.js";
import { hypercallPage } from "./isa/x86-64.js";

/** The highest leaf and who it is; the version, 4.17; how many hypercall pages there are, and how to ask for one. */
const leaves: readonly (readonly [number, number, number, number])[] = [
  [cpuidBase + 2, ...cpuidSignature],
  [(4 << 16) | 17, 0, 0, 0],
  [1, hypercallMsr, 0, 0],
];

/** The offset in the APIC's page, undefined elsewhere: there a domain has nothing. */
function apicOffset(address: bigint): number | undefined {
  const offset = Number(address) - apicBase;
  return offset >= 0 && offset < apicSize ? offset : undefined;
}

/** Answers `exit`; false where it asks for nothing of the kind. */
export function answerCpu(exit: Exit, { memory, apic }: Pick<Machine, "memory" | "apic">): boolean {
  switch (exit.kind) {
    case "in":
      exit.value = -1 >>> (32 - 8 * exit.size);
      return true;
    case "out":
      return true;
    case "load": {
      const offset = apicOffset(exit.address);
      exit.value = offset === undefined ? (1n << BigInt(8 * exit.size)) - 1n : BigInt(apic.load(offset));
      return true;
    }
    case "store": {
      const offset = apicOffset(exit.address);
      if (offset !== undefined) apic.store(offset, Number(exit.value & 0xffff_ffffn));
      return true;
    }
    case "cpuid":
      exit.values = leaves[exit.leaf - cpuidBase] ?? [0, 0, 0, 0];
      return true;
    case "msr":
      exit.exists = exit.number === hypercallMsr;
      if (exit.exists) memory.bytes(exit.value & ~BigInt(pageSize - 1), pageSize)?.set(hypercallPage());
      return true;
    default:
      return false;
  }
}
