// Machine code of x86-64 for the cases that every virtual CPU passes, with its instructions beside it, and the machine that it runs on:
// 64-bit mode with flat memory, and handlers that say their vector at a port.
import assert from "node:assert/strict";
import { machines } from "../../targets/hvt/isa/registry.js";
import { viewOf } from "../../bytes/struct.js";
import type { Vcpu } from "../contract.js";
import { type CasePrograms, hex32, last, layout, putHex } from "../vcpu.cases.js";

const { size, code, data, locked } = layout;
const handlers = 0x18_6000;
const handlerSize = 0x40;
const idt = 0x18_0000;
/** The descriptor table; there is room for more than hvt's. */
export const gdt = 0x18_1000;
const machineGdt = 0x1000;
const machineGdtBytes = 24;
const port = 0x501;
const vector = 0x30;

/** mov edx, 0x501 */
const toPort = `ba${hex32(port)}`;
/** mov eax, N; out dx, eax */
const out = (value: number): string => `b8${hex32(value)}ef`;
const end = out(last);

/** 64-bit mode before a program; handlers for `vector` and those of `faults` say their own number. */
export function startProgram(vcpu: Vcpu, program: string, faults: readonly number[] = []): void {
  const { memory, registers } = vcpu;
  const low = memory.bytes(0, code);
  assert.ok(low !== undefined);
  const machine = machines["x86-64"];
  machine.writeTables(viewOf(low), size);
  for (const [name, value] of Object.entries(machine.registers(code, size)))
    registers.set(name, BigInt(value));
  putHex(vcpu, code, program);
  [vector, ...faults].forEach((number, i) => {
    const at = handlers + i * handlerSize;
    // mov edx, 0x501; mov eax, NUMBER; out dx, eax; iretq
    putHex(vcpu, at, `${toPort}${out(number)}48cf`);
    const gate = memory.bytes(idt + 16 * number, 16);
    assert.ok(gate !== undefined);
    const low64 = BigInt(at & 0xffff) | (8n << 16n) | (0x8en << 40n) | (BigInt(at >>> 16) << 48n);
    viewOf(gate).setBigUint64(0, low64, true);
  });
  // hvt's own descriptors lie where the guest cannot read them, as a gate wants them.
  memory.bytes(gdt, machineGdtBytes)?.set(memory.bytes(machineGdt, machineGdtBytes) ?? []);
  registers.set("gdt_base", BigInt(gdt));
  registers.set("idt_base", BigInt(idt));
  registers.set("idt_limit", 0xfffn);
}

export const programs: CasePrograms = {
  registers: { pc: "rip", counter: "rbx", unused: "r12" },
  start: startProgram,
  heard: (_vcpu, exit) => (exit.kind === "out" ? exit.value & 0xffff : undefined),
  speech: `${toPort}${out(1)}${out(2)}${end}`,
  // mov dword [locked], 0
  trespass: `c70425${hex32(locked)}00000000${toPort}${end}`,
  // L: inc rbx; jmp L
  endless: "48ffc3ebfb",
  // nop; nop
  pause: `9090${toPort}${end}`,
  pauseBytes: 1,
  // mov dword [data], 7
  store: `c70425${hex32(data)}07000000${toPort}${end}`,
  // inc ebx; say 1; inc ebx
  counts: `${toPort}ffc3${out(1)}ffc3${end}`,
  countsAt: [4n, 7n],
  // mov ecx, 100000; L: add rbx, rcx; dec ecx; jnz L
  sum: `b9a08601004801cbffc975f9${toPort}${end}`,
  // in eax, dx; out dx, eax; mov [data], eax
  ports: { port, echo: `${toPort}edef890425${hex32(data)}${end}` },
  interrupts: {
    vector,
    // say 1; sti; mov ecx, 65536; L: dec ecx; jnz L; say 2
    allowing: `${toPort}${out(1)}fbb900000100ffc975fc${toPort}${out(2)}${end}`,
    // sti; nop; say 2
    allowed: `${toPort}fb90${out(2)}${end}`,
    // sti; hlt; say 2
    halt: `fbf4${toPort}${out(2)}${end}`,
    // sti; L: jmp L
    endless: "fbebfe",
  },
};
