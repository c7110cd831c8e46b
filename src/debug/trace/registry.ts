// What a trace of each target shows. A new target is a line here.
import type { Isa } from "../../abi/elf.js";
import type { TargetName } from "../../abi/notes.js";
import { describeLibrary } from "./genode.js";
import { describeHypercalls } from "./hvt.js";
import { describeSubject } from "./muen.js";
import { describeSyscalls } from "./spt.js";
import type { Describer } from "./trace.js";
import { describeMachine } from "./machine.js";
import { describeDomain } from "./xen.js";

export const describers: Readonly<Partial<Record<TargetName, (isa: Isa) => Describer>>> = {
  hvt: () => describeHypercalls,
  spt: describeSyscalls,
  virtio: () => describeMachine,
  muen: () => describeSubject,
  genode: () => describeLibrary,
  xen: () => describeDomain,
};
