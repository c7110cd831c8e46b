// The processes that spt knows without a kernel. A new ISA is a file and a line here.
import type { Isa } from "../../../abi/elf.js";
import type { SptMachine } from "./contract.js";
import { aarch64 } from "./aarch64.js";
import { x8664 } from "./x86-64.js";

export const machines: Readonly<Partial<Record<Isa, SptMachine>>> = { "x86-64": x8664, aarch64 };
