// The target description of each ISA.
import type { Isa } from "../../abi/elf.js";
import { aarch64 } from "./aarch64.js";
import type { Architecture } from "./description.js";
import { x8664 } from "./x86-64.js";

export const architectures: Readonly<Record<Isa, Architecture>> = { "x86-64": x8664, aarch64 };
