// The hypervisors that there are drivers of. A new one is a folder and a line here.
import type { HypervisorDriver, HypervisorName } from "./contract.js";
import { kvm } from "./kvm/driver.js";

export const hypervisors: Readonly<Record<HypervisorName, HypervisorDriver>> = { kvm };
