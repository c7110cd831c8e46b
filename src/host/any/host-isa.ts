// The ISA that this host runs natively.
import type { Isa } from "../../abi/elf.js";

const isas: Readonly<Record<string, Isa>> = { x64: "x86-64", arm64: "aarch64" };

export const hostIsa = (): Isa | undefined => isas[process.arch];
