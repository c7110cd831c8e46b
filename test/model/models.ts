// The hypervisors that have models, with what their guests get away with.
import { hypervisors } from "../../src/hypervisor/hypervisors.js";
import type { HypervisorDriver } from "../../src/hypervisor/contract.js";
import { onKvm, onVmm, type SelfTest } from "../self-tests.js";
import { freebsdModel, freebsdReleases } from "./freebsd.js";
import { kvmModel } from "./kvm.js";
import { openbsdModel, openbsdReleases } from "./openbsd.js";
import type { ModelDevices, ModelProcess } from "./system.js";

export interface Model {
  /** With the release. */
  readonly name: string;
  readonly driver: HypervisorDriver;
  make(process: ModelProcess): ModelDevices;
  /** What a row of hvt's comes to. */
  expect(row: SelfTest): SelfTest;
}

export const models: readonly Model[] = [
  { name: "KVM", driver: hypervisors.kvm, make: kvmModel, expect: onKvm },
  ...Object.entries(freebsdReleases).map(([release, one]) => ({
    name: `FreeBSD ${release}`,
    driver: hypervisors["freebsd-vmm"],
    make: freebsdModel(one),
    expect: onVmm,
  })),
  ...openbsdReleases.map((one) => ({
    name: `OpenBSD ${one.release}`,
    driver: hypervisors["openbsd-vmm"],
    make: openbsdModel(one),
    expect: onVmm,
  })),
];
