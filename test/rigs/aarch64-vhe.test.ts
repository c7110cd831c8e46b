// The rig of aarch64 VHE: KVM on a kernel at EL2.
import { testRig } from "./rig.cases.js";

testRig("aarch64 VHE");
