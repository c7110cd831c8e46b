// The hypervisors that there are drivers of. A new one is a folder and a line here.
import type { HypervisorDriver, HypervisorName } from "./contract.js";
import { freebsdVmm } from "./freebsd-vmm/driver.js";
import { kvm } from "./kvm/driver.js";
import { openbsdVmm } from "./openbsd-vmm/driver.js";

export const hypervisors: Readonly<Record<HypervisorName, HypervisorDriver>> = {
  kvm,
  "freebsd-vmm": freebsdVmm,
  "openbsd-vmm": openbsdVmm,
};
