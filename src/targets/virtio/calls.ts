// What a guest asks of the PC by an exit, and has at once: ports, the hypervisor's leaves and registers, and memory that is not there.
import type { Exit } from "../../engine/contract.js";
import { nothing, type PortDevice } from "./devices/ports.js";
import type { KvmClock } from "./devices/kvmclock.js";

/** Answers `exit`; false where it asks for nothing of the kind. */
export function answerPc(
  exit: Exit,
  { ports, clock }: { readonly ports: ReadonlyMap<number, PortDevice>; readonly clock: KvmClock },
): boolean {
  switch (exit.kind) {
    case "in":
      exit.value = ports.get(exit.port)?.in(exit.port, exit.size) ?? nothing(exit.size);
      return true;
    case "out":
      ports.get(exit.port)?.out(exit.port, exit.value >>> 0, exit.size);
      return true;
    case "load":
      // Beyond its memory a PC has nothing.
      exit.value = (1n << BigInt(8 * exit.size)) - 1n;
      return true;
    case "store":
      return true;
    case "cpuid":
      exit.values = clock.cpuid(exit.leaf);
      return true;
    case "msr":
      exit.exists = clock.write(exit.number, exit.value);
      return true;
    default:
      return false;
  }
}
