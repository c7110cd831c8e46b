// Processes of spt on a kernel and a CPU of aarch64, and on the engine of aarch64.
import { testEngine } from "./rig.cases.js";

testEngine("aarch64 nVHE");
