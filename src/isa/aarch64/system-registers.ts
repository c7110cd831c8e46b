// System registers that a process may read or write, and what they are called. Specification: Arm ARM (DDI 0487), D19.
import type { Fields } from "./instruction.js";

type Place = Pick<Fields, "o0" | "op1" | "CRn" | "CRm" | "op2">;

/** By `op0.op1.CRn.CRm.op2`. */
const names: Readonly<Record<string, string>> = {
  "3.3.4.2.0": "nzcv",
  "3.3.4.4.0": "fpcr",
  "3.3.4.4.1": "fpsr",
  "3.3.13.0.2": "tpidr_el0",
  "3.3.13.0.3": "tpidrro_el0",
  "3.3.0.0.1": "ctr_el0",
  "3.3.0.0.7": "dczid_el0",
  "3.3.14.0.0": "cntfrq_el0",
  "3.3.14.0.1": "cntpct_el0",
  "3.3.14.0.2": "cntvct_el0",
};

/** The register's name, or binutils' for one without. */
export function systemName({ o0, op1, CRn, CRm, op2 }: Place): string {
  const op0 = 2 + o0;
  return names[`${op0}.${op1}.${CRn}.${CRm}.${op2}`] ?? `s${op0}_${op1}_c${CRn}_c${CRm}_${op2}`;
}
