// The rig of x86-64: KVM on AMD SVM.
import { testRig } from "./rig.cases.js";

testRig("x86-64");
