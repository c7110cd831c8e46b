// Puts the model of OpenBSD's vmm under every thread that loads this, and has it believe that it is there.
import { createRequire } from "node:module";
import { useSystem } from "../../src/hypervisor/system.js";
import { openbsdModel, openbsdReleases } from "./openbsd.js";
import { watchCode } from "./machine.js";
import { newModelSystem } from "./system.js";

const release = openbsdReleases.at(-1);
if (release === undefined) throw new Error("no release");
// Which of its binaries it loads depends on where it is.
createRequire(import.meta.url)("koffi");
Object.defineProperty(process, "platform", { value: "openbsd" });
watchCode();
useSystem(newModelSystem(openbsdModel(release), { isShared: true }), import.meta.url);
