// The machines that hvt knows. A new ISA is a file and a line here.
import type { Isa } from "../../../abi/elf.js";
import { aarch64 } from "./aarch64.js";
import type { HvtMachine } from "./contract.js";
import { x8664 } from "./x86-64.js";

export const machines: Readonly<Record<Isa, HvtMachine>> = { "x86-64": x8664, aarch64 };
