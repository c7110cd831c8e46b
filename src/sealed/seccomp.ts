// The sandbox of an spt unikernel under Linux: the seccomp program that its table of rules comes to. seccomp(2).
import { machine, type Isa } from "../abi/elf.js";
import { syscalls } from "../abi/spt.js";
import type { ArgRule, Rule } from "../targets/spt/rules.js";
import { assembleBpf, seccompData, seccompReturn, type BpfInstruction } from "./bpf.js";

/** AUDIT_ARCH_*: the machine, 64-bit, little endian. */
const auditArch = (isa: Isa): number => machine[isa] | 0xc000_0000;
/** x86-64 marks calls of the x32 ABI with this bit; a filter that does not look would let them through. */
const x32Bit = 0x4000_0000;

/** The seccomp program for `rules`: whatever is not allowed ends the process with SIGSYS. */
export function seccompProgram(isa: Isa, rules: readonly Rule[]): Uint8Array {
  const program: BpfInstruction[] = [
    { op: "load", offset: seccompData.arch },
    { op: "equal", value: auditArch(isa) >>> 0, yes: "architecture" },
    { op: "return", value: seccompReturn.killProcess },
    { op: "label", name: "architecture" },
    { op: "load", offset: seccompData.nr },
  ];
  if (isa === "x86-64") {
    program.push(
      { op: "greaterEqual", value: x32Bit, no: "native" },
      { op: "return", value: seccompReturn.killProcess },
      { op: "label", name: "native" },
    );
  }
  for (const call of new Set(rules.map((rule) => rule.call))) {
    const nr = syscalls[isa][call];
    if (nr === null) throw new RangeError(`${call} does not exist on ${isa}`);
    // The number stays in the accumulator until its rules are reached, so that each call costs one comparison.
    program.push({ op: "equal", value: nr, yes: `${call}:rules` }, { op: "goto", to: `${call}:end` });
    program.push({ op: "label", name: `${call}:rules` });
    rules
      .filter((rule) => rule.call === call)
      .forEach(({ when }, index) => {
        const next = `${call}:${index + 1}`;
        program.push(...when.flatMap((rule, i) => condition(rule, next, `${call}:${index}:${i}`)));
        program.push({ op: "return", value: seccompReturn.allow }, { op: "label", name: next });
      });
    program.push({ op: "return", value: seccompReturn.killProcess }, { op: "label", name: `${call}:end` });
  }
  program.push({ op: "return", value: seccompReturn.killProcess });
  return assembleBpf(program);
}

/** Falls through where the rule holds, else goes to `no`. Arguments are 64 bits, BPF's words 32. */
function condition({ arg, is, value }: ArgRule, no: string, prefix: string): readonly BpfInstruction[] {
  const low = Number(value & 0xffff_ffffn);
  const high = Number(value >> 32n);
  const offset = seccompData.arg(arg);
  if (is === "equal") {
    return [
      { op: "load", offset },
      { op: "equal", value: low, no },
      { op: "load", offset: offset + 4 },
      { op: "equal", value: high, no },
    ];
  }
  return [
    { op: "load", offset: offset + 4 },
    { op: "greater", value: high, yes: no },
    { op: "equal", value: high, no: `${prefix}:below` },
    { op: "load", offset },
    { op: "greater", value: low, yes: no },
    { op: "label", name: `${prefix}:below` },
  ];
}
