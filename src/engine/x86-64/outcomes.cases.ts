// What short programs of the kernel's come to: RBX where they halt, or the exception that they raise. What it should be is the manual's;
// the witness is KVM, where there is one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, needsAll } from "../../../test/needs.js";
import { createCleanup } from "../../bytes/cleanup.js";
import { viewOf } from "../../bytes/struct.js";
import { kvmUnsupportedReason } from "../../hypervisor/kvm/availability.js";
import { kvm } from "../../hypervisor/kvm/driver.js";
import { protectionsOf, type Vcpu } from "../contract.js";
import { machineMemory } from "../portable/memory/machine-memory.js";
import { caseMap, layout } from "../vcpu.cases.js";
import { newInterpreter } from "./interpreter.js";
import { gdt, startProgram } from "./programs.cases.js";

/** RBX, or an exception by its mnemonic with the error code: `#GP(0x10)`, `#UD`. */
export type Outcome = bigint | string;
/** A program, as hexadecimal digits, and what it comes to. */
export type ProgramCase = readonly [what: string, program: string, outcome: Outcome];

const exceptions: Readonly<Record<number, string>> = { 6: "#UD", 11: "#NP", 12: "#SS", 13: "#GP", 14: "#PF" };
const withoutCode = 6;

const task = 0x18_4000;
const taskStack = 0x19_0000n;
/** Selectors 0x18 and up. */
const descriptors: readonly bigint[] = [
  // Code and data that are not present.
  0x00af_1b00_0000_ffffn,
  0x00cf_1300_0000_ffffn,
  // 0x28: a task; 0x38: one that is not present.
  0x0000_8900_0000_0067n | (BigInt(task) << 16n),
  0n,
  0x0000_0900_0000_0067n | (BigInt(task) << 16n),
  0n,
  // 0x48, 0x50: the user's data and code.
  0x00cf_f300_0000_ffffn,
  0x00af_fb00_0000_ffffn,
  // 0x58: code that cannot be read; 0x60: data that cannot be written.
  0x00af_9900_0000_ffffn,
  0x00cf_9100_0000_ffffn,
  // 0x68: data at 0x12345678, of 0x101 bytes.
  0x1240_9334_5678_0100n,
];

/** Descriptors, a task with a stack, and pages that user code may touch. */
function prepare({ memory, registers }: Vcpu): void {
  const low = memory.bytes(0, layout.locked);
  assert.ok(low !== undefined);
  const view = viewOf(low);
  descriptors.forEach((descriptor, n) => view.setBigUint64(gdt + 0x18 + 8 * n, descriptor, true));
  registers.set("gdt_limit", BigInt(0x18 + 8 * descriptors.length - 1));
  view.setBigUint64(task + 4, taskStack, true);
  const user = 4;
  for (const table of [0x2000, 0x3000, 0x4000]) low[table] = (low[table] ?? 0) | user;
  for (let page = layout.code / 0x1000; page < 0x200; page++)
    low[0x8000 + 8 * page] = (low[0x8000 + 8 * page] ?? 0) | user;
}

/** What a program comes to on a virtual CPU. */
function outcomeOf(newVcpu: () => Vcpu, program: string): Outcome {
  using vcpu = newVcpu();
  startProgram(vcpu, program, Object.keys(exceptions).map(Number));
  prepare(vcpu);
  let outcome: Outcome | undefined;
  vcpu.run((exit) => {
    if (exit.kind === "in") exit.value = 0x5a;
    if (exit.kind === "halt") outcome = vcpu.registers.get("rbx");
    else if (exit.kind === "out") outcome = raised(vcpu, exit.value);
    else if (exit.kind === "fault") outcome = exit.fault.reason;
    return outcome === undefined ? "resume" : "suspend";
  });
  return outcome ?? "nothing";
}

/** An exception whose handler has just said its number; the error code is the last of its frame. */
function raised({ memory, registers }: Vcpu, vector: number): string {
  const name = exceptions[vector] ?? `vector ${vector}`;
  if (vector === withoutCode) return name;
  const frame = memory.bytes(Number(registers.get("rsp")), 8);
  assert.ok(frame !== undefined);
  return `${name}(0x${viewOf(frame).getBigUint64(0, true).toString(16)})`;
}

const own = (): Vcpu =>
  newInterpreter({
    memory: machineMemory(caseMap.size),
    exceptions: "guest",
    ...protectionsOf(caseMap),
    profile: "plain",
  });

const newKvmVcpu = await kvm.loadVcpu();

function ofKvm(): Vcpu {
  const cleanup = createCleanup();
  const vcpu = newKvmVcpu(kvm.open(cleanup), { isa: "x86-64", memory: caseMap, isInterrupted: true });
  const dispose = (): void => {
    vcpu[Symbol.dispose]();
    cleanup.release();
  };
  return { ...vcpu, [Symbol.dispose]: dispose };
}

/** Cases that KVM is no witness of. */
export interface Unwitnessed {
  /** KVM's own emulator, or the emulated CPU that it runs on, has something else. */
  readonly manualOnly?: RegExp;
  /** A KVM that interprets its guests lacks the instructions, or has something else: only the CPU's virtualisation tells. */
  readonly hardwareOnly?: RegExp;
}

/** Registers the cases, and that KVM agrees. */
export function outcomeCases(
  cases: readonly ProgramCase[],
  { manualOnly, hardwareOnly }: Unwitnessed = {},
): void {
  for (const [what, program, expected] of cases)
    test(what, () => assert.equal(outcomeOf(own, program), expected));

  test("KVM says the same", { skip: needsAll(needs.x8664Linux(), needs.kvm()) }, () => {
    const isInterpreted = kvmUnsupportedReason(false) !== undefined;
    const witnessed = cases.filter(
      ([what]) => manualOnly?.test(what) !== true && !(isInterpreted && hardwareOnly?.test(what) === true),
    );
    assert.ok(witnessed.length >= cases.length / 2, "most cases are witnessed");
    assert.deepEqual(
      witnessed.map(([what, program]) => [what, outcomeOf(ofKvm, program)]),
      witnessed.map(([what, , expected]) => [what, expected]),
    );
  });
}
