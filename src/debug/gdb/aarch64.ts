// The registers of aarch64 for gdb (GDB manual, G.5.1), and the system registers that say why a trap was taken. A guest
// runs at EL1 on its own stack pointer, SP_EL1.
import { named, numbered, type Architecture } from "./description.js";

const vectorTypes = [
  `<vector id="v2d" type="ieee_double" count="2"/><vector id="v4s" type="ieee_single" count="4"/>`,
  `<vector id="v2u" type="uint64" count="2"/><vector id="v4u" type="uint32" count="4"/><vector id="v16u" type="uint8" count="16"/>`,
  `<union id="aarch64v"><field name="d" type="v2d"/><field name="s" type="v4s"/><field name="du" type="v2u"/>`,
  `<field name="su" type="v4u"/><field name="bu" type="v16u"/><field name="q" type="uint128"/></union>`,
].join("");

export const aarch64: Architecture = {
  name: "aarch64",
  pc: "pc",
  watchesBefore: true,
  features: [
    {
      name: "org.gnu.gdb.aarch64.core",
      registers: [
        ...numbered("x", 31, 64, "int"),
        { name: "sp", bits: 64, type: "data_ptr", source: "sp_el1" },
        { name: "pc", bits: 64, type: "code_ptr", source: "pc" },
        { name: "cpsr", bits: 32, type: "int", source: "pstate" },
      ],
    },
    {
      name: "org.gnu.gdb.aarch64.fpu",
      types: vectorTypes,
      registers: [...numbered("v", 32, 128, "aarch64v"), ...named("fpsr fpcr", 32, "int")],
    },
    {
      name: "org.solo5.aarch64.system",
      registers: named("esr_el1 far_el1 elr_el1 spsr_el1 sctlr_el1 tpidr_el0", 64, "int"),
    },
  ],
};
