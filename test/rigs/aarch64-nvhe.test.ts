// The rig of aarch64 nVHE: KVM on EL2 and a kernel at EL1.
import { testRig } from "./rig.cases.js";

testRig("aarch64 nVHE");
