// Control and model-specific registers: what they take, what they refuse, and how.
import { outcomeCases, type ProgramCase } from "./outcomes.cases.js";

const undefinedOpcode = "#UD";
const generalProtection = "#GP(0x0)";
const imm64 = (value: bigint): string => Buffer.from(BigUint64Array.of(value).buffer).toString("hex");
const imm32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString("hex");
const modrm = (register: number): string => (0xc0 | ((register & 7) << 3)).toString(16);
/** CR8 has a prefix of its own. */
const prefix = (register: number): string => (register > 7 ? "44" : "");

/** mov rax, VALUE; mov crN, rax; mov rbx, crN; hlt */
const control = (register: number, value: bigint): string =>
  `48b8${imm64(value)}${prefix(register)}0f22${modrm(register)}${prefix(register)}0f20${modrm(register).replace(/.$/, (digit) => (Number.parseInt(digit, 16) | 3).toString(16))}f4`;
/** mov ecx, NUMBER; mov rax, VALUE; mov rdx, rax; shr rdx, 32; wrmsr; rdmsr; shl rdx, 32; mov eax, eax; lea rbx, [rax + rdx]; hlt */
const model = (number: number, value: bigint): string =>
  `b9${imm32(number)}48b8${imm64(value)}4889c248c1ea200f300f3248c1e22089c0488d1c10f4`;
/** mov ecx, NUMBER; rdmsr; hlt */
const readModel = (number: number): string => `b9${imm32(number)}0f32f4`;

/** KVM's emulator takes 32 bits of CR0, and where it lets registers pass, QEMU's CPU takes any address. */
const manualOnly = /^(CR0: bits beyond 32|GS base: no address|LSTAR: no address)$/;
const high = 0x8000_0000_0000n;
const cr0 = 0x8001_0021n;
/** What the register holds then, or the exception. */
const cases: readonly ProgramCase[] = [
  ["CR0 as it is", control(0, cr0), cr0 | 0x10n],
  ["CR0: caches off", control(0, cr0 | 0x4000_0000n), cr0 | 0x4000_0010n],
  ["CR0: no write-through without caches off", control(0, cr0 | 0x2000_0000n), generalProtection],
  ["CR0: paging without protection", control(0, cr0 & ~1n), generalProtection],
  ["CR0: bits beyond 32", control(0, cr0 | (1n << 32n)), generalProtection],
  ["CR1 is none", control(1, 0n), undefinedOpcode],
  ["CR2", control(2, 0x1234_5678_9abcn), 0x1234_5678_9abcn],
  ["CR3 as it is", control(3, 0x2000n), 0x2000n],
  ["CR4: without PAE in long mode", control(4, 0x600n), generalProtection],
  ["CR4: reserved bits", control(4, 0x8000_0620n), generalProtection],
  ["CR4: time stamps for the kernel alone", control(4, 0x624n), 0x624n],
  ["CR5 is none", control(5, 0n), undefinedOpcode],
  ["CR8", control(8, 7n), 7n],
  ["CR8: reserved bits", control(8, 16n), generalProtection],
  ["EFER: system calls", model(0xc000_0080, 0x501n), 0x501n],
  ["EFER: reserved bits", model(0xc000_0080, 0x502n), generalProtection],
  ["FS base", model(0xc000_0100, 0x1234_5678_9abcn), 0x1234_5678_9abcn],
  ["GS base: no address", model(0xc000_0101, high), generalProtection],
  ["kernel GS base", model(0xc000_0102, 0x10_0000n), 0x10_0000n],
  ["STAR", model(0xc000_0081, 0x18_0008n << 32n), 0x18_0008n << 32n],
  ["LSTAR", model(0xc000_0082, 0x10_0000n), 0x10_0000n],
  ["LSTAR: no address", model(0xc000_0082, high), generalProtection],
  ["a register that is none, read", readModel(0x4444), generalProtection],
  ["a register that is none, written", model(0x4444, 0n), generalProtection],
];

outcomeCases(cases, { manualOnly });
