// Puts the model of KVM under every thread that loads this.
import { useSystem } from "../../src/hypervisor/system.js";
import { kvmModel } from "./kvm.js";
import { watchCode } from "./machine.js";
import { newModelSystem } from "./system.js";

watchCode();
useSystem(newModelSystem(kvmModel, { isShared: true }), import.meta.url);
