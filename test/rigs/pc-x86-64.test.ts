// virtio unikernels on a real kernel's KVM.
import { testPc } from "./rig.cases.js";

testPc("x86-64");
