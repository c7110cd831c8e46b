// Interrupts and exceptions through the guest's IDT in 64-bit mode: gates, stacks, error codes, double and triple
// faults. Specification: Intel SDM volume 3, 6.14 and 6.15.
import { rflag } from "./cpu.js";
import { GuestFault, vector } from "./fault.js";
import { canonical, type Machine } from "./machine.js";
import { segmentNumbers } from "./segments.js";

/** Where an event comes from: it decides about privileges, error codes and what a second fault becomes. */
export type Source = "exception" | "software" | "external";

const withErrorCode = new Set<number>([
  vector.DF,
  vector.TS,
  vector.NP,
  vector.SS,
  vector.GP,
  vector.PF,
  vector.AC,
]);
const contributory = new Set<number>([vector.DE, vector.TS, vector.NP, vector.SS, vector.GP]);

/** The guest's CPU gave up: the exception that began it. */
export class TripleFault {
  readonly first: GuestFault;
  constructor(first: GuestFault) {
    this.first = first;
  }
}

/** Delivers an exception, and what delivering it raises in turn; throws `TripleFault`. */
export function raise(m: Machine, fault: GuestFault): void {
  let current = fault;
  for (;;) {
    if (current.vector === vector.PF && current.address !== undefined) {
      m.cpu.cr2 = BigInt.asUintN(64, BigInt(current.address));
    }
    try {
      return deliver(m, current.vector, current.code, "exception");
    } catch (second) {
      if (!(second instanceof GuestFault)) throw second;
      if (current.vector === vector.DF) throw new TripleFault(fault);
      const doubles =
        (contributory.has(current.vector) && contributory.has(second.vector)) ||
        (current.vector === vector.PF && (second.vector === vector.PF || contributory.has(second.vector)));
      current = doubles ? new GuestFault(vector.DF, 0, second.reason) : second;
    }
  }
}

/** One delivery: everything is read and checked before the registers change. */
export function deliver(m: Machine, number: number, code: number, source: Source): void {
  const { cpu, memory, segments } = m;
  const oldCpl = cpu.cpl;
  const external = source === "software" ? 0 : 1;
  const refuse = (kind: number, reason: string): never => {
    throw new GuestFault(kind, number * 8 + 2 + external, `vector ${number}: ${reason}`);
  };
  if (number * 16 + 15 > segments.idt.limit) refuse(vector.GP, "beyond the IDT");
  // The tables are read with the supervisor's rights, whoever was running.
  setPrivilege(m, 0);
  try {
    const at = segments.idt.base + number * 16;
    const low = memory.read(at, 8);
    const high = memory.read(at + 8, 8);
    const type = Number((low >> 40n) & 15n);
    if (type !== 14 && type !== 15) refuse(vector.GP, "not a gate");
    if (source === "software" && Number((low >> 45n) & 3n) < oldCpl) refuse(vector.GP, "gate's privilege");
    if ((low & (1n << 47n)) === 0n) refuse(vector.NP, "gate not present");
    const target = (low & 0xffffn) | ((low >> 32n) & 0xffff_0000n) | (high << 32n);
    const selector = Number((low >> 16n) & 0xffffn);
    const newCode = segments.checkCode(selector & ~3);
    const entry = canonical(target);

    const ist = Number((low >> 32n) & 7n);
    let rsp = cpu.gpr(4);
    if (ist !== 0) rsp = memory.read(segments.task.base + 28 + ist * 8, 8);
    else if (oldCpl !== 0) rsp = memory.read(segments.task.base + 4, 8);
    rsp = BigInt.asUintN(64, rsp) & ~15n;
    const frame = [
      BigInt(segments.selectors[segmentNumbers.SS] ?? 0),
      cpu.gpr(4),
      // A fault's instruction will run again: RF keeps an instruction breakpoint from firing twice.
      BigInt((cpu.rflags | (source === "exception" && number !== vector.DF ? rflag.RF : 0)) >>> 0),
      BigInt(segments.selectors[segmentNumbers.CS] ?? 0),
      BigInt.asUintN(64, BigInt(cpu.rip)),
    ];
    if (source === "exception" && withErrorCode.has(number)) frame.push(BigInt(code >>> 0));
    for (const value of frame) {
      rsp = BigInt.asUintN(64, rsp - 8n);
      memory.write(canonical(rsp), 8, value);
    }
    cpu.setGpr(4, rsp);
    setCode(m, newCode);
    if (oldCpl !== 0) segments.selectors[segmentNumbers.SS] = 0;
    const { IF, TF, NT, RF } = rflag;
    cpu.rflags = cpu.rflags & ~(TF | NT | RF | (type === 14 ? IF : 0));
    cpu.rip = entry;
  } catch (error) {
    setPrivilege(m, oldCpl);
    throw error;
  }
}

/** Enters a code segment; between 32-bit and 64-bit code, the same bytes are other instructions. */
export function setCode(m: Machine, code: { readonly selector: number; readonly long: boolean }): void {
  const before = m.mode;
  m.segments.setCode(code);
  if (m.mode !== before) m.mmu.flush();
}

/** Changes the privilege level, and with it what pages allow. */
export function setPrivilege(m: Machine, cpl: number): void {
  if (m.cpu.cpl === cpl) return;
  m.cpu.cpl = cpl;
  m.mmu.flush();
}
