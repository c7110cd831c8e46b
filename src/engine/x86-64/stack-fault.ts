// An address that is not canonical raises #SS instead of #GP where it was formed from the stack segment: by RSP or RBP as
// base, or by a push or pop. Specification: Intel SDM volume 3, 6.15 (#SS) and volume 1, 3.7.4.
import type { Instruction } from "../../isa/x86-64/instruction.js";
import type { Cpu } from "./cpu.js";
import { GuestFault, vector } from "./fault.js";

const RSP = 4;
const RBP = 5;
const ofStack = /^(PUSH|POP|CALL|RET|ENTER|LEAVE|IRET)/;

/** The address of a memory operand without its segment's base, as registers are now: nothing has changed. */
function offsetOf(cpu: Cpu, i: Instruction): bigint | undefined {
  const m = i.operands.find((o) => o.kind === "memory");
  if (m?.kind !== "memory" || m.segment !== 2) return undefined;
  const base = m.base < 0 ? 0n : cpu.gpr(m.base);
  const index = m.index < 0 ? 0n : cpu.gpr(m.index) << BigInt(m.scale);
  return BigInt.asUintN(64, base + index + BigInt(m.displacement));
}

/** The fault that the CPU raises for what an instruction met. */
export function stackFault(cpu: Cpu, i: Instruction | undefined, fault: GuestFault): GuestFault {
  const { outside } = fault;
  if (outside === undefined || i === undefined) return fault;
  const pointer = i.row.mnemonic === "LEAVE" ? cpu.gpr(RBP) : cpu.gpr(RSP);
  const distance = BigInt.asIntN(64, outside - pointer);
  const isStack = ofStack.test(i.row.mnemonic) && distance >= -8n && distance <= 8n;
  if (!isStack && offsetOf(cpu, i) !== outside) return fault;
  return new GuestFault(vector.SS, 0, fault.reason);
}
