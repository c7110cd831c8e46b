// What the guest is told that its CPU can do: what KVM supports, less what a unikernel must not have. Intel SDM volume 2,
// CPUID; AMD APM volume 3, appendix E.

interface CpuidLeaf {
  readonly function: number;
  readonly index: number;
  readonly flags: number;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

type Output = "eax" | "ebx" | "ecx" | "edx";

/** Bits that are cleared, by leaf (its subleaf 0) and register, with what they would offer. */
const withheld: readonly (readonly [leaf: number, output: Output, bits: readonly number[], what: string])[] =
  [
    [1, "ecx", [2, 3, 4], "debug store, MONITOR"],
    [1, "ecx", [5, 6], "VMX and SMX"],
    [1, "ecx", [7, 8], "SpeedStep, thermal monitor"],
    [1, "ecx", [15], "performance capabilities"],
    [1, "edx", [21], "debug store"],
    [7, "ebx", [2], "SGX"],
    [7, "ebx", [4, 11], "TSX: HLE and RTM"],
    [7, "ebx", [25], "processor trace"],
    [7, "edx", [11, 13, 16], "TSX: forced abort and load tracking"],
    [7, "edx", [19], "architectural LBR"],
    [0x8000_0001, "ecx", [2, 12], "SVM, SKINIT"],
    [0x8000_0001, "ecx", [10], "instruction based sampling"],
    [0x8000_0001, "ecx", [23, 24, 26, 28], "performance counters, data breakpoints"],
    [0x8000_0001, "ecx", [29], "MONITORX"],
  ];

/** Of KVM's own interfaces what a PC has: its clock, by the old registers and the new ones, and that it is the same on all CPUs. */
const clockFeatures = (1 << 0) | (1 << 3) | (1 << 24);
const kvmLeaves = { signature: 0x4000_0000, features: 0x4000_0001 } as const;

/** Leaves that are all zero: performance counters, processor trace, SGX, LBR, SVM and KVM's own interfaces. */
const emptied: ReadonlySet<number> = new Set([
  0xa, 0x12, 0x14, 0x1c, 0x23, 0x4000_0000, 0x4000_0001, 0x8000_000a, 0x8000_001b, 0x8000_001f, 0x8000_0022,
]);

/** Leaf 1, ECX: the CPU is not alone. KVM leaves it to us. */
const hypervisorBit = 1 << 31;

/** `leaf` as the guest may see it; a PC's guests know that their hypervisor is KVM. */
export function guestCpuid(leaf: CpuidLeaf, isPc = false): CpuidLeaf {
  if (isPc && leaf.function === kvmLeaves.signature) return { ...leaf, eax: kvmLeaves.features };
  if (isPc && leaf.function === kvmLeaves.features)
    return { ...leaf, eax: leaf.eax & clockFeatures, ebx: 0, ecx: 0, edx: 0 };
  if (emptied.has(leaf.function)) return { ...leaf, eax: 0, ebx: 0, ecx: 0, edx: 0 };
  const outputs = { eax: leaf.eax, ebx: leaf.ebx, ecx: leaf.ecx, edx: leaf.edx };
  if (isPc && leaf.function === 1) outputs.ecx = (outputs.ecx | hypervisorBit) >>> 0;
  for (const [nr, output, bits] of withheld) {
    if (nr !== leaf.function || leaf.index !== 0) continue;
    for (const bit of bits) outputs[output] = (outputs[output] & ~(1 << bit)) >>> 0;
  }
  return { ...leaf, ...outputs };
}
