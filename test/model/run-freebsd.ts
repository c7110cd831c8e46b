// Puts the model of FreeBSD's vmm under every thread that loads this, and has it believe that it is there.
import { createRequire } from "node:module";
import { useSystem } from "../../src/hypervisor/system.js";
import { freebsdModel, freebsdReleases } from "./freebsd.js";
import { watchCode } from "./machine.js";
import { newModelSystem } from "./system.js";

const release = freebsdReleases["14.1"];
if (release === undefined) throw new Error("no such release");
// Which of its binaries it loads depends on where it is.
createRequire(import.meta.url)("koffi");
Object.defineProperty(process, "platform", { value: "freebsd" });
watchCode();
useSystem(newModelSystem(freebsdModel(release), { isShared: true }), import.meta.url);
