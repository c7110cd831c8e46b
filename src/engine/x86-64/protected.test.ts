// What only a machine without a host's kernel shows: paging, privilege, exceptions through the IDT, double and triple
// faults, interrupts, and the way from 32-bit to 64-bit mode. Specification: Intel SDM volume 3, chapters 4, 6 and 9.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exit, PortableVcpu } from "../contract.js";
import { newInterpreter } from "./interpreter.js";
import { machineMemory } from "../portable/memory/machine-memory.js";

const SIZE = 4 << 20;
const CODE = 0x10_0000;
const GDT = 0x1000;
const IDT = 0x2000;
const TSS = 0x3000;
const PML4 = 0x4000;

/** Assembled: see the comments. Handlers are 32 bytes apart. */
const program = [
  // 00: mov $0x28,%eax; ltr %ax; push $0x23; push $0x90000; push $0x202; push $0x1b; push $1d; iretq; 1d: mov $7,%edi; int $0x80; ud2
  "b8280000000f00d86a23680000090068020200006a1b681d00100048cfbf0700 0000cd800f0b",
  // 40: mov %cs,%eax; mov 24(%rsp),%rbx; hlt
  "8cc8488b5c2418f4ebfe",
  // 60: pop %rax; mov %cr2,%rbx; mov (%rsp),%rcx; mov %rsp,%rdx; hlt
  "580f20d3488b0c244889e2f4",
  // 80: pop %rax; mov $0xdf,%ebx; mov %rsp,%rdx; hlt
  "58bbdf0000004889e2f4",
  // a0: mov $0x11,%esi; iretq
  "be1100000048cf",
  // c0: sti; hlt; mov $0x22,%edi; cli; hlt
  "fbf4bf22000000faf4",
] as const;
const starts = [0, 0x40, 0x60, 0x80, 0xa0, 0xc0];
const [user, system, pageFault, doubleFault, interrupt, wait] = starts.map((start) => CODE + start);

interface Machine {
  readonly vcpu: PortableVcpu;
  readonly view: DataView;
  gate(vector: number, target: number | undefined, more?: { dpl?: number; ist?: number }): void;
  /** Maps a page of 4 KiB in the first 2 MiB: bits of its entry. */
  map(page: number, entry: bigint): void;
  run(): Exit;
}

/** 64-bit mode with identity pages, a GDT of both privileges, a TSS, an empty IDT. */
function machine(code: string = ""): Machine {
  const memory = machineMemory(SIZE);
  const bytes = memory.bytes(0, SIZE) ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, SIZE);
  const put = (at: number, hex: string) => {
    bytes.set(
      Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (b) => Number.parseInt(b, 16)),
      at,
    );
  };
  program.forEach((hex, n) => put(CODE + (starts[n] ?? 0), hex));
  put(CODE + 0x200, code);
  const u64 = (at: number, value: bigint) => view.setBigUint64(at, value, true);
  const descriptors = [
    0n,
    0x00af9a000000ffffn,
    0x00cf92000000ffffn,
    0x00affa000000ffffn,
    0x00cff2000000ffffn,
  ];
  descriptors.forEach((descriptor, n) => u64(GDT + 8 * n, descriptor));
  u64(GDT + 0x28, (BigInt(TSS) << 16n) | 0x0000_8900_0000_0067n);
  u64(TSS + 4, 0x9_8000n);
  u64(TSS + 36, 0x9_9000n);
  u64(PML4, 0x5007n);
  u64(0x5000, 0x6007n);
  u64(0x6000, 0x7007n);
  u64(0x6008, 0x20_0087n);
  for (let n = 0; n < 512; n++) u64(0x7000 + 8 * n, BigInt(n * 4096 + 7));
  const vcpu = newInterpreter({
    memory,
    exceptions: "guest",
    protections: [],
    noExecute: false,
    profile: "replay",
  });
  const start = { gdt_base: GDT, gdt_limit: 0x37, idt_base: IDT, idt_limit: 0xfff, cr3: PML4, cr4: 0x620 };
  for (const [name, value] of Object.entries({ ...start, efer: 0xd00, cr0: 0x8001_0033, rflags: 2 })) {
    vcpu.registers.set(name, BigInt(value));
  }
  vcpu.registers.set("rip", BigInt(CODE + 0x200));
  vcpu.registers.set("rsp", 0x9_0000n);
  vcpu.registers.set("cs", 8n);
  return {
    vcpu,
    view,
    gate(vector, target = 0, { dpl = 0, ist = 0 } = {}) {
      const low = BigInt(target & 0xffff) | (8n << 16n) | (BigInt(ist) << 32n) | (0x8en << 40n);
      u64(IDT + 16 * vector, low | (BigInt(dpl) << 45n) | (BigInt(target >>> 16) << 48n));
    },
    map: (page, entry) => u64(0x7000 + 8 * page, entry),
    run() {
      let last: Exit | undefined;
      vcpu.run((exit) => {
        last = exit;
        return "suspend";
      });
      if (last === undefined) throw new Error("no exit");
      return last;
    },
  };
}

const register = (m: Machine, name: string) => m.vcpu.registers.get(name);

test("a page fault's frame: error code, CR2, the instruction's address, RF in the flags", () => {
  const m = machine("b8 00 30 08 00 c7 00 01 00 00 00"); // mov $0x83000,%eax; movl $1,(%rax)
  m.gate(14, pageFault);
  m.map(0x83, 0x8_3005n); // present and readable only; CR0.WP is set
  assert.equal(m.run().kind, "halt");
  assert.equal(register(m, "rax"), 3n, "present and write");
  assert.equal(register(m, "rbx"), 0x8_3000n);
  assert.equal(register(m, "rcx"), BigInt(CODE + 0x205));
  const frame = Number(register(m, "rdx"));
  assert.equal(m.view.getBigUint64(frame + 8, true), 8n);
  assert.equal(m.view.getBigUint64(frame + 16, true) & 0x1_0002n, 0x1_0002n);
  assert.equal(m.view.getBigUint64(frame + 24, true), 0x9_0000n);
});

test("accessed and dirty bits, and a second mapping of one page", () => {
  const m = machine("b8 00 30 08 00 c7 00 78 56 34 12 8b 1c 25 00 40 08 00 f4"); // store by 0x83000, load by 0x84000, hlt
  m.map(0x83, 0x8_5003n);
  m.map(0x84, 0x8_5003n);
  assert.equal(m.run().kind, "halt");
  assert.equal(register(m, "rbx"), 0x1234_5678n);
  assert.equal(m.view.getBigUint64(0x7000 + 8 * 0x83, true), 0x8_5063n);
  assert.equal(m.view.getBigUint64(0x7000 + 8 * 0x84, true), 0x8_5023n);
  assert.equal(m.view.getUint32(0x8_5000, true), 0x1234_5678);
});

test("INVLPG makes a changed mapping count", () => {
  // mov 0x83000,%eax; mov $0x86003,%ecx; mov %rcx,0x7418; invlpg 0x83000; mov 0x83000,%ebx; hlt
  const m = machine("8b042500300800 b903600800 48890c2518740000 0f013c2500300800 8b1c2500300800 f4");
  m.view.setUint32(0x8_3000, 1, true);
  m.view.setUint32(0x8_6000, 2, true);
  assert.equal(m.run().kind, "halt");
  assert.deepEqual([register(m, "rax"), register(m, "rbx")], [1n, 2n]);
});

test("execution where XD is set is a fetch fault", () => {
  const m = machine("b8 00 30 08 00 ff e0"); // mov $0x83000,%eax; jmp *%rax
  m.gate(14, pageFault);
  m.map(0x83, 0x8000_0000_0008_3003n);
  m.run();
  assert.equal(register(m, "rax"), 0x11n);
  assert.equal(register(m, "rcx"), 0x8_3000n);
});

test("user mode and back: IRETQ, a software interrupt through RSP0, supervisor pages refused", () => {
  const m = machine();
  m.vcpu.registers.set("rip", BigInt(user ?? 0));
  m.gate(0x80, system, { dpl: 3 });
  assert.equal(m.run().kind, "halt");
  assert.equal(register(m, "rdi"), 7n);
  assert.equal(register(m, "rax"), 8n);
  assert.equal(register(m, "rbx"), 0x9_0000n, "the user's stack pointer is in the frame");
  assert.equal(register(m, "rsp"), BigInt(0x9_8000 - 40));

  const closed = machine();
  closed.vcpu.registers.set("rip", BigInt(user ?? 0));
  closed.gate(0x80, system);
  closed.gate(13, doubleFault);
  closed.run();
  assert.equal(register(closed, "rax"), BigInt(0x80 * 8 + 2), "a gate for the kernel only");

  const refused = machine();
  refused.vcpu.registers.set("rip", BigInt(user ?? 0));
  refused.gate(14, pageFault);
  refused.map(0x100, 0x10_0003n);
  refused.run();
  assert.equal(register(refused, "rax"), 0x15n, "present, user, fetch");
});

test("a fault while a page fault is delivered is a double fault, on its own stack", () => {
  const m = machine("b8 28 00 00 00 0f 00 d8 a1 00 00 00 00 00 00 00 00"); // ltr; mov abs 0,%eax
  m.map(0, 0n);
  m.gate(8, doubleFault, { ist: 1 });
  m.gate(13, undefined);
  assert.equal(m.run().kind, "halt");
  assert.equal(register(m, "rbx"), 0xdfn);
  assert.equal(register(m, "rax"), 0n);
  assert.equal(register(m, "rdx"), BigInt(0x9_9000 - 40));
});

test("a fault while a double fault is delivered ends the machine, at the first instruction", () => {
  const m = machine("0f 0b");
  const exit = m.run();
  assert.ok(exit.kind === "fault");
  assert.match(exit.fault.reason, /^#UD at 0x100200: .*triple fault/);
  assert.equal(register(m, "rip"), BigInt(CODE + 0x200));
});

test("an interrupt that cannot be delivered ends the machine", () => {
  const m = machine();
  m.vcpu.registers.set("rip", BigInt(wait ?? 0));
  m.vcpu.registers.set("idt_limit", 0n);
  m.vcpu.interrupt(() => 0x30);
  const exit = m.run();
  assert.ok(exit.kind === "fault");
  assert.match(exit.fault.reason, /triple fault/);
});

test("model-specific registers are part of a state", () => {
  const { vcpu } = machine();
  const { registers, timeMachine } = vcpu;
  assert.ok(timeMachine !== undefined);
  registers.set("star", 0x18_0008n << 32n);
  const saved = timeMachine.save();
  registers.set("star", 0n);
  registers.set("lstar", 0x10_0000n);
  timeMachine.restore(saved);
  assert.deepEqual([registers.get("star"), registers.get("lstar")], [0x18_0008n << 32n, 0n]);
});

test("an interrupt wakes HLT after STI, never before it", () => {
  const m = machine();
  m.vcpu.registers.set("rip", BigInt(wait ?? 0));
  m.gate(0x30, interrupt);
  m.vcpu.interrupt(() => 0x30);
  assert.equal(m.run().kind, "halt");
  assert.equal(register(m, "rsi"), 0x11n);
  assert.equal(register(m, "rdi"), 0x22n, "the second HLT was reached");
});

test("a stepped interrupt, a breakpoint and a watchpoint stop before their instruction", () => {
  const m = machine("b8 00 30 08 00 c7 00 01 00 00 00 f4");
  m.vcpu.setBreakpoint(BigInt(CODE + 0x205), true);
  m.vcpu.setStep(true);
  assert.equal(m.run().kind, "step");
  assert.equal(register(m, "rip"), BigInt(CODE + 0x205));
  assert.equal(m.run().kind, "breakpoint");
  m.vcpu.setWatchpoint(0x8_3002n, 1, "write", true);
  const exit = m.run();
  assert.ok(exit.kind === "watchpoint" && exit.access === "write");
  assert.equal(m.view.getUint32(0x8_3000, true), 0);
  assert.equal(m.run().kind, "halt");
  assert.equal(m.view.getUint32(0x8_3000, true), 1);
  assert.equal(m.vcpu.instructions, 3n);
});

test("code that is written while it runs is decoded anew", () => {
  // call 1f; movb $0x43,1f+1 (inc %ebx); call 1f; hlt; 1: inc %ecx; ret
  const m = machine("e8 0e000000 c60425 14021000 c3 e8 01000000 f4 ffc1 c3");
  assert.equal(m.run().kind, "halt");
  assert.deepEqual([register(m, "rcx"), register(m, "rbx")], [1n, 1n]);
});

test("from 32-bit protected mode to 64-bit mode", () => {
  // mov $0x4000,%eax; mov %eax,%cr3; mov $0x620,%eax; mov %eax,%cr4; mov $0xc0000080,%ecx; rdmsr; or $0x100,%eax; wrmsr;
  // mov %cr0,%eax; or $0x80000022,%eax; mov %eax,%cr0; push %eax; pop %edx; call 1f; 1: pop %esi; lgdt 0x8f000; ljmp $8,$2f
  // 2: mov $0x10,%eax; mov %eax,%ds; lea 0x1234(%rip),%rdi; hlt
  const m = machine(
    "b800400000 0f22d8 b820060000 0f22e0 b9800000c0 0f32 0d00010000 0f30 0f20c0 0d22000080 0f22c0 50 5a e800000000 5e 0f011500f00800 ea3f021000 0800 b810000000 8ed8 488d3d34120000 f4",
  );
  m.view.setUint16(0x8_f000, 0x37, true);
  m.view.setUint32(0x8_f002, GDT, true);
  for (const [name, value] of [
    ["efer", 0n],
    ["cr0", 0x21n],
    ["cr3", 0n],
    ["cr4", 0n],
    ["gdt_base", 0n],
    ["gdt_limit", 0n],
  ] as const) {
    m.vcpu.registers.set(name, value);
  }
  const exit = m.run();
  assert.equal(exit.kind, "halt", exit.kind === "fault" ? exit.fault.reason : "");
  assert.equal(register(m, "efer"), 0x500n);
  assert.equal(register(m, "rdx"), 0x8000_0023n);
  assert.equal(register(m, "rdi"), register(m, "rip") - 1n + 0x1234n);
});
