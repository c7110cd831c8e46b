// What CPUID announces: exactly the features of the table's rows. Specification: Intel SDM volume 2, CPUID.
import type { Feature } from "../../isa/x86-64/instruction.js";
import { table } from "../../isa/x86-64/table.js";

type Register = "ebx" | "ecx" | "edx";

/** Where each feature is announced: leaf (of subleaf 0), register, bit. */
const places: Record<Feature, readonly [leaf: number, register: Register, bit: number]> = {
  X87: [1, "edx", 0],
  MMX: [1, "edx", 23],
  FXSR: [1, "edx", 24],
  SSE: [1, "edx", 25],
  SSE2: [1, "edx", 26],
  SSE3: [1, "ecx", 0],
  PCLMULQDQ: [1, "ecx", 1],
  SSSE3: [1, "ecx", 9],
  SSE4_1: [1, "ecx", 19],
  SSE4_2: [1, "ecx", 20],
  MOVBE: [1, "ecx", 22],
  POPCNT: [1, "ecx", 23],
  AES: [1, "ecx", 25],
  RDRAND: [1, "ecx", 30],
  FSGSBASE: [7, "ebx", 0],
  BMI1: [7, "ebx", 3],
  BMI2: [7, "ebx", 8],
  RDSEED: [7, "ebx", 18],
  ADX: [7, "ebx", 19],
  SHA: [7, "ebx", 29],
  LZCNT: [0x8000_0001, "ecx", 5],
  RDTSCP: [0x8000_0001, "edx", 27],
};

/** The x87's operand pointer is that of unmasked exceptions only, and selectors of its pointers are 0. */
const X87_POINTERS = (1 << 6) | (1 << 13);

/** TSC, MSR, PAE, CX8, CMOV, PSE, PGE, CLFLUSH; CX16 and hypervisor; SYSCALL, NX, 1 GiB pages, long mode; LAHF. */
const base: Record<number, Partial<Record<Register, number>>> = {
  1: { edx: 0x0008_a178, ecx: 0x8000_2000 },
  0x8000_0001: { edx: 0x2410_0800, ecx: 1 },
};

function announced(leaf: number, register: Register): number {
  let bits = base[leaf]?.[register] ?? 0;
  const features = new Set(table.flatMap(({ traits }) => traits.feature ?? []));
  for (const feature of features) {
    const [at, where, bit] = places[feature];
    if (at === leaf && where === register) bits |= 1 << bit;
  }
  return bits;
}

const text = (value: string) =>
  [0, 4, 8].map((at) =>
    [0, 1, 2, 3].reduce((sum, n) => sum | ((value.codePointAt(at + n) ?? 0) << (8 * n)), 0),
  );

/** EAX, EBX, ECX, EDX for a leaf. */
export function cpuid(leaf: number, subleaf: number): readonly [number, number, number, number] {
  const [first = 0, second = 0, third = 0] = text("Solo5Solo5TS");
  switch (leaf) {
    case 0:
      return [7, first, third, second];
    case 1:
      // Family 6, model 15, no APIC id; CLFLUSH lines of 64 bytes.
      return [0x0000_06f0, 0x0000_0800, announced(1, "ecx"), announced(1, "edx")];
    case 7:
      return subleaf === 0 ? [0, announced(7, "ebx") | X87_POINTERS, 0, 0] : [0, 0, 0, 0];
    case 0x8000_0000:
      return [0x8000_0008 | 0, first, third, second];
    case 0x8000_0001:
      return [0, 0, announced(leaf, "ecx"), announced(leaf, "edx")];
    case 0x8000_0008:
      // 40 bits of physical and 48 of linear addresses.
      return [0x3028, 0, 0, 0];
    default:
      return [0, 0, 0, 0];
  }
}
