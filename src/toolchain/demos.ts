// The unikernels that show something: guest/demo/ has a folder for each. They are built for the ISA of the wasm engine, so that they
// run everywhere.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import type { BindingsTarget } from "./isa.js";
import { guestSource } from "./layout.js";

export const demosFolder = join(guestSource, "demo");
const demoIsa: Isa = "x86-64";
export const demoTargets: readonly BindingsTarget[] = ["spt", "hvt", "virtio"];

/** Those that there are for `isa`, by name. */
export const demos = (isa: Isa): readonly string[] =>
  isa === demoIsa ? readdirSync(demosFolder).toSorted() : [];
