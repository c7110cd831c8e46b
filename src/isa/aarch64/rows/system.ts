// Exceptions and system registers that a process may touch: slow but for the thread pointer. Specification: Arm ARM (DDI 0487),
// C5 (the System instruction class), D19 (system registers).
import { rows } from "../instruction.js";
import { read, write } from "../operands.js";

/** Bits 20 to 5 of MRS and MSR, without the first, which is 1: `o0 op1 CRn CRm op2`. */
const thread = "1 011 1101 0000 010";

export const systemRows = [
  ...rows("SVC", {}, "11010100 000 imm16 00001 | #imm"),
  ...rows("HVC", { flow: "stop" }, "11010100 000 imm16 00010 | #imm"),
  ...rows("SMC", { flow: "stop" }, "11010100 000 imm16 00011 | #imm"),
  ...rows("BRK", { flow: "stop" }, "11010100 001 imm16 00000 | #imm"),
  ...rows("HLT", { flow: "stop" }, "11010100 010 imm16 00000 | #imm"),
  ...rows("UDF", { flow: "stop" }, "0000000000000000 imm16 | #decimal"),
  ...rows("SYS", {}, "1101010100 0 01 op1 CRn CRm op2 Rt | #op1, CRn, CRm, #op2, Xt?"),
  ...rows(
    "MRS",
    { run: (e, i) => write(e, 64, i.Rt, e.threadPointer()) },
    `1101010100 1 1 ${thread} Rt | Xt, tpidr_el0`,
  ),
  ...rows(
    "MSR",
    { run: (e, i) => e.setThreadPointer(read(e, 64, i.Rt)) },
    `1101010100 0 1 ${thread} Rt | tpidr_el0, Xt`,
  ),
  ...rows("MRS", {}, "1101010100 1 1 o0 op1 CRn CRm op2 Rt | Xt, system"),
  ...rows("MSR", {}, "1101010100 0 1 o0 op1 CRn CRm op2 Rt | system, Xt"),
];
