// What others have built for aarch64, where SOLO5_OTHERS names it: theirs under ours, ours under theirs, on a real KVM.
import { testOthers } from "./rig.cases.js";

testOthers("aarch64 VHE");
