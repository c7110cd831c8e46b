// Instructions without semantics in the table: done on the state itself, by mnemonic. Specification: Arm ARM (DDI 0487), C5, C6.2, C7.2.
import { systemName } from "../../isa/aarch64/system-registers.js";
import type { Cpu } from "./cpu.js";
import { exclusiveSlow } from "./exclusive.js";
import { exceptionClass, GuestFault, undefinedInstruction } from "./fault.js";
import { type Machine, readGeneral, type Slow, writeGeneral } from "./machine.js";
import { state } from "./state.js";
import { crc } from "./values/crc.js";

const checksums = Object.fromEntries(
  (["CRC32", "CRC32C"] as const).flatMap((name) =>
    ["B", "H", "W", "X"].map((size, log): [string, Slow] => [
      `${name}${size}`,
      (m, i) => {
        const sum = Number(BigInt.asIntN(32, readGeneral(m, i.Rn)));
        const value = crc(name, sum, readGeneral(m, i.Rm), 1 << log);
        writeGeneral(m, i.Rd, BigInt.asUintN(32, BigInt(value)));
      },
    ]),
  ),
);

/** DC ZVA's block: four words to the power of two of DCZID_EL0. */
const ZERO_BLOCK_BYTES = 64;
const DCZID = 4n;
/** Lines of 64 bytes, as Cortex-A72 has them. */
const CTR = 0x8444_c004n;
/** A counter that the host answers counts nanoseconds. */
const COUNTER_HZ = 1_000_000_000n;
/** Exceptions are not trapped: their bits read as 0, as those of halves' arithmetic, which is not there. */
const FPCR_BITS = 0x07f7_0000;
const FPSR_BITS = 0xf800_009f | 0;

function counter(m: Machine): bigint {
  const exit = { kind: "counter" as const, value: 0n };
  m.ask(exit);
  return BigInt.asUintN(64, exit.value);
}

/** From now on none is missed. Who wants to know of some clears them first, for which FPSR is read. */
const looksAtExceptions = (cpu: Cpu): void => cpu.setWord(state.testsExceptions, 1);

const word = (value: number): bigint => BigInt(value >>> 0);

const readable: Readonly<Record<string, (m: Machine) => bigint>> = {
  nzcv: ({ cpu }) => word(cpu.nzcv),
  fpcr: ({ cpu }) => word(cpu.word(state.fpcr)),
  fpsr: ({ cpu }) => {
    looksAtExceptions(cpu);
    return word(cpu.word(state.fpsr));
  },
  tpidrro_el0: () => 0n,
  ctr_el0: () => CTR,
  dczid_el0: () => DCZID,
  cntfrq_el0: () => COUNTER_HZ,
  cntvct_el0: counter,
};

const writable: Readonly<Record<string, (m: Machine, value: number) => void>> = {
  nzcv: ({ cpu }, value) => (cpu.nzcv = value),
  fpcr: ({ cpu }, value) => cpu.setWord(state.fpcr, value & FPCR_BITS),
  fpsr: ({ cpu }, value) => {
    looksAtExceptions(cpu);
    cpu.setWord(state.fpsr, value & FPSR_BITS);
  },
};

const readSystem: Slow = (m, i) => {
  const name = systemName(i);
  const read = readable[name];
  if (read === undefined) throw undefinedInstruction(`MRS of ${name}`);
  writeGeneral(m, i.Rt, read(m));
};

const writeSystem: Slow = (m, i) => {
  const name = systemName(i);
  const write = writable[name];
  if (write === undefined) throw undefinedInstruction(`MSR to ${name}`);
  write(m, Number(BigInt.asIntN(32, readGeneral(m, i.Rt))));
};

/** Maintenance of caches that a process may ask for, by `op1.CRn.CRm.op2`: there are none, but for DC ZVA, which is a store. */
const nothingToDo = new Set(["3.7.5.1", "3.7.10.1", "3.7.11.1", "3.7.12.1", "3.7.13.1", "3.7.14.1"]);
const ZERO_BLOCK = "3.7.4.1";

const system: Slow = (m, i) => {
  const name = `${i.op1}.${i.CRn}.${i.CRm}.${i.op2}`;
  if (name === ZERO_BLOCK) {
    const address = readGeneral(m, i.Rt) & ~BigInt(ZERO_BLOCK_BYTES - 1);
    const [low, high] = [Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n))];
    const at = m.memory.place(low, high, ZERO_BLOCK_BYTES, "write");
    m.memory.bytes.fill(0, at, at + ZERO_BLOCK_BYTES);
  } else if (!nothingToDo.has(name)) throw undefinedInstruction(`SYS ${name}`);
};

const refused: Slow = (_m, i) => {
  throw undefinedInstruction(`${i.row.mnemonic} is not there for a process`);
};

export const slowInstructions: Readonly<Record<string, Slow>> = {
  ...checksums,
  ...exclusiveSlow,
  SVC: (m) => m.ask({ kind: "syscall" }),
  BRK(_m, i) {
    throw new GuestFault(exceptionClass.BRK, i.imm, `BRK #${i.imm}`);
  },
  HVC: refused,
  SMC: refused,
  HLT: refused,
  UDF: refused,
  SYS: system,
  MRS: readSystem,
  MSR: writeSystem,
};
