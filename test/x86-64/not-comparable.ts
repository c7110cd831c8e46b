// What cannot be compared with the real CPU in a process, and why.
import { readFileSync } from "node:fs";
import { encodings } from "../../src/isa/x86-64/table.js";

const reasons: Readonly<Record<string, string>> = {
  "needs CPL 0":
    "HLT,CLI,STI,SYSRET,LGDT,LIDT,LTR,LLDT,LMSW,CLTS,INVLPG,INVD,WBINVD,MOV CR,MOV DR,RDMSR,WRMSR,RDPMC,SWAPGS,IN,OUT,INSB,INSW,INSD,OUTSB,OUTSW,OUTSD",
  "leaves the process": "SYSCALL,INT1,INT3,INT,IRET,IRETD,IRETQ,RETF,JMP FAR,CALL FAR,VMCALL,POPF",
  "shows the host's own tables or segments":
    "SGDT,SIDT,STR,SLDT,SMSW,MOV Sreg,PUSH Sreg,POP Sreg,LSS,LFS,LGS",
  "would stay changed for the next case": "RDFSBASE,RDGSBASE,WRFSBASE,WRGSBASE,LDMXCSR",
  "differs from CPU to CPU": "CPUID,RDTSC,RDTSCP,RDRAND,RDSEED,RSQRTPS,RSQRTSS,RCPPS,RCPSS",
};

export const notComparable = new Set(Object.values(reasons).flatMap((list) => list.split(",")));

/** The rows of 64-bit mode: what a process can run, and what binutils are asked to read. */
export const longRows = () => encodings().filter(({ row }) => row.traits.mode !== 32);

/** Features as /proc/cpuinfo has them, where the name differs. */
const linuxNames: Readonly<Record<string, string>> = {
  X87: "fpu",
  FXSR: "fxsr",
  SSE3: "pni",
  PCLMULQDQ: "pclmulqdq",
  SHA: "sha_ni",
  LZCNT: "abm",
};

/** Features of the table that this machine's CPU does not have. */
export function missingFeatures(): Set<string> {
  const line = readFileSync("/proc/cpuinfo", "utf8").match(/^flags\s*:(.*)$/m)?.[1] ?? "";
  const has = new Set(line.split(" "));
  const all =
    "X87,MMX,FXSR,SSE,SSE2,SSE3,SSSE3,SSE4_1,SSE4_2,AES,PCLMULQDQ,SHA,BMI1,BMI2,LZCNT,POPCNT,MOVBE,ADX,RDRAND,RDSEED,FSGSBASE,RDTSCP".split(
      ",",
    );
  return new Set(all.filter((name) => !has.has(linuxNames[name] ?? name.toLowerCase())));
}
