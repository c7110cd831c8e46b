// The virtual CPU of aarch64: what it can beside running, and how it ends instructions that a process may not execute. Machine
// code is written out, with its instructions beside it; what they raise is what Linux makes of them on a CPU (see signalOf).
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exit, Fault, PortableVcpu, StartCompanion, VcpuOptions } from "../../src/engine/contract.js";
import * as engine from "../../src/engine/aarch64/engine.js";
import { newInterpreter } from "../../src/engine/aarch64/interpreter.js";
import { newWasmVcpu } from "../../src/engine/aarch64/wasm-vcpu.js";
import { machineMemory } from "../../src/engine/portable/memory/machine-memory.js";
import { aarch64 } from "../../src/targets/spt/isa/aarch64.js";

const size = 1 << 20;
const code = 0x2_0000;
const data = 0x4_0000;
const locked = 0x6_0000;

/** MOV X0, #1; ADD X0, X0, #1; STR X0, [X1]; LDR X2, [X1]; SVC #0. */
const program = [0xd280_0020, 0x9100_0400, 0xf900_0020, 0xf940_0022, 0xd400_0001];
/** SUB X0, X0, #1; CBNZ X0, back; SVC #0. */
const countdown = [0xd100_0400, 0xb5ff_ffe0, 0xd400_0001];

const engines: Readonly<Record<string, (options: VcpuOptions) => PortableVcpu>> = {
  interpreted: newInterpreter,
  translated: (options) => newWasmVcpu(options, { threshold: 1 }),
};

function start(
  newVcpu: (options: VcpuOptions) => PortableVcpu,
  words: readonly number[],
  profile: VcpuOptions["profile"] = "replay",
): PortableVcpu {
  const memory = machineMemory(size);
  const vcpu = newVcpu({
    memory,
    exceptions: "exit",
    noExecute: false,
    profile,
    protections: [
      { start: 0, end: 0x1_0000, read: false, write: false, execute: false },
      { start: locked, end: locked + 0x1000, read: true, write: false, execute: false },
    ],
  });
  put(vcpu, code, words);
  vcpu.registers.set("pc", BigInt(code));
  vcpu.registers.set("x1", BigInt(data));
  return vcpu;
}

function put({ memory }: PortableVcpu, at: number, words: readonly number[]): void {
  memory.bytes(at, 4 * words.length)?.set(new Uint8Array(Uint32Array.from(words).buffer));
}

/** Runs to the next exit but ticks, which has to be of a kind. */
function untilExit<K extends Exit["kind"]>(vcpu: PortableVcpu, kind: K): Extract<Exit, { kind: K }> {
  let found: Exit | undefined;
  vcpu.run((exit) => {
    if (exit.kind === "tick") return "resume";
    found = { ...exit };
    return "suspend";
  });
  assert.equal(found?.kind, kind);
  return found as Extract<Exit, { kind: K }>;
}

const pcOf = (vcpu: PortableVcpu): number => Number(vcpu.registers.get("pc"));

for (const [how, newVcpu] of Object.entries(engines)) {
  test(`a system call is an exit behind it, ${how}`, () => {
    using vcpu = start(newVcpu, program);
    untilExit(vcpu, "syscall");
    assert.equal(pcOf(vcpu), code + 20);
    assert.equal(vcpu.registers.get("x2"), 2n);
    assert.equal(vcpu.instructions, 5n);
  });

  test(`breakpoints, watchpoints and steps stop before what they are about, ${how}`, () => {
    using vcpu = start(newVcpu, program);
    vcpu.setBreakpoint(BigInt(code + 4), true);
    untilExit(vcpu, "breakpoint");
    assert.equal(pcOf(vcpu), code + 4);
    vcpu.setStep(true);
    untilExit(vcpu, "step");
    assert.equal(pcOf(vcpu), code + 8);
    vcpu.setBreakpoint(BigInt(code + 4), false);
    vcpu.setWatchpoint(BigInt(data), 8, "write", true);
    const { address, access } = untilExit(vcpu, "watchpoint");
    assert.deepEqual([address, access, pcOf(vcpu)], [BigInt(data), "write", code + 8]);
    vcpu.setWatchpoint(BigInt(data), 8, "write", false);
    vcpu.setWatchpoint(BigInt(data + 4), 1, "read", true);
    untilExit(vcpu, "watchpoint");
    assert.equal(pcOf(vcpu), code + 12);
    untilExit(vcpu, "syscall");
  });

  test(`a budget ends at its instruction, ${how}`, () => {
    using vcpu = start(newVcpu, countdown);
    vcpu.registers.set("x0", 1_000_000n);
    vcpu.setBudget(12_345);
    untilExit(vcpu, "budget");
    assert.equal(vcpu.instructions, 12_345n);
    assert.equal(vcpu.registers.get("x0"), 1_000_000n - 6173n);
  });

  test(`code that is written anew is what runs next, ${how}`, () => {
    using vcpu = start(newVcpu, countdown);
    vcpu.registers.set("x0", 5000n);
    untilExit(vcpu, "syscall");
    // STR W7, [X8] puts MOV X0, #1 where the countdown was.
    put(vcpu, code + 0x1000, [0xb900_0107, 0xd61f_00c0]);
    vcpu.registers.set("x7", 0xd280_0020n);
    vcpu.registers.set("x8", BigInt(code));
    vcpu.registers.set("x6", BigInt(code));
    vcpu.registers.set("pc", BigInt(code + 0x1000));
    put(vcpu, code + 4, [0xd400_0001]);
    vcpu.timeMachine?.forgetPage(code / 4096);
    untilExit(vcpu, "syscall");
    assert.equal(vcpu.registers.get("x0"), 1n);
  });

  test(`a time machine goes back, and tells of pages that were written, ${how}`, () => {
    using vcpu = start(newVcpu, program);
    const { timeMachine } = vcpu;
    assert.ok(timeMachine !== undefined);
    assert.deepEqual(timeMachine.takeDirtyPages(), []);
    const saved = timeMachine.save();
    untilExit(vcpu, "syscall");
    assert.deepEqual(timeMachine.takeDirtyPages(), [data / 4096]);
    timeMachine.restore(saved);
    assert.deepEqual([pcOf(vcpu), vcpu.registers.get("x2"), vcpu.instructions], [code, 0n, 0n]);
    untilExit(vcpu, "syscall");
    assert.deepEqual(timeMachine.takeDirtyPages(), [data / 4096]);
  });

  const faults: readonly (readonly [what: string, word: number, signal: string, about?: Partial<Fault>])[] = [
    ["BRK #7", 0xd420_00e0, "SIGTRAP", { vector: 0x3c, code: 7 }],
    ["HLT", 0xd440_0000, "SIGILL", { vector: 0 }],
    ["UDF", 0x0000_0001, "SIGILL"],
    ["HVC", 0xd400_0002, "SIGILL"],
    ["no instruction", 0xffff_ffff, "SIGILL"],
    ["MSR DAIFSet", 0xd503_42df, "SIGILL"],
    ["MRS of MIDR_EL1", 0xd538_0003, "SIGILL"],
    ["MSR to TPIDRRO_EL0", 0xd51b_d064, "SIGILL"],
    ["IC IALLUIS", 0xd508_711f, "SIGILL"],
    ["STR to what may be read only", 0xb900_0107, "SIGSEGV", { address: BigInt(locked), access: "write" }],
    ["LDAR that is not aligned", 0xc8df_fd22, "SIGBUS", { address: BigInt(data + 1), access: "read" }],
    ["LDR from nowhere", 0xf940_0142, "SIGSEGV", { address: BigInt(size), refusedBy: "host" }],
  ];
  for (const [what, word, signal, about = {}] of faults) {
    test(`${what} is ${signal}, ${how}`, () => {
      using vcpu = start(newVcpu, [word]);
      vcpu.registers.set("x8", BigInt(locked));
      vcpu.registers.set("x9", BigInt(data + 1));
      vcpu.registers.set("x10", BigInt(size));
      const { fault } = untilExit(vcpu, "fault");
      assert.equal(aarch64.signalOf(fault), signal, fault.reason);
      assert.deepEqual({ ...fault, ...about }, fault);
      assert.equal(pcOf(vcpu), code);
    });
  }

  test(`a jump to where nothing is, or amid an instruction, faults there, ${how}`, () => {
    for (const [target, signal] of [
      [0x10_0000_0000n, "SIGSEGV"],
      [BigInt(data + 2), "SIGBUS"],
    ] as const) {
      using vcpu = start(newVcpu, [0xd61f_00c0]);
      vcpu.registers.set("x6", target);
      const { fault } = untilExit(vcpu, "fault");
      assert.equal(aarch64.signalOf(fault), signal, fault.reason);
      assert.equal(vcpu.registers.get("pc"), target);
    }
  });

  test(`system registers of a process are kept, and the host is its counter, ${how}`, () => {
    // MSR FPCR, X4; MRS X5, FPCR; MSR FPSR, X4; MRS X6, CNTVCT_EL0; MRS X3, CNTFRQ_EL0; SVC.
    const words = [0xd51b_4404, 0xd53b_4405, 0xd51b_4424, 0xd53b_e046, 0xd53b_e003, 0xd400_0001];
    using vcpu = start(newVcpu, words);
    vcpu.registers.set("x4", 0xffff_ffffn);
    vcpu.run((exit) => {
      if (exit.kind !== "counter") return "suspend";
      exit.value = 1234n;
      return "resume";
    });
    assert.equal(vcpu.registers.get("x5"), 0x07f7_0000n);
    assert.equal(vcpu.registers.get("fpcr"), 0x07f7_0000n);
    assert.equal(vcpu.registers.get("fpsr"), 0xf800_009fn);
    assert.deepEqual([vcpu.registers.get("x6"), vcpu.registers.get("x3")], [1234n, 1_000_000_000n]);
  });

  test(`registers go by the manual's names, ${how}`, () => {
    using vcpu = start(newVcpu, program);
    for (const name of ["x30", "sp", "sp_el1", "pc", "nzcv", "pstate", "tpidr_el0", "fpcr", "fpsr"]) {
      const value = name === "pc" ? BigInt(code) : 0xf000_0000n;
      vcpu.registers.set(name, value);
      assert.equal(vcpu.registers.get(name), value, name);
    }
    vcpu.registers.set("v31", (1n << 127n) | 1n);
    assert.equal(vcpu.registers.get("v31"), (1n << 127n) | 1n);
    assert.throws(() => vcpu.registers.get("rip"), RangeError);
  });

  test(`only processes run, and only in the engine's memory, ${how}`, () => {
    const options: VcpuOptions = {
      memory: machineMemory(size),
      exceptions: "exit",
      noExecute: true,
      profile: "plain",
      protections: [],
    };
    assert.throws(() => newVcpu({ ...options, exceptions: "guest" }), RangeError);
    const memory = { size, bytes: () => undefined };
    assert.throws(() => newVcpu({ ...options, memory }), { code: "WRONG_MEMORY" });
  });
}

test("a companion translates beside the guest what it is asked for", () => {
  const requests: unknown[] = [];
  const beside: StartCompanion = (take) => {
    const work: (() => void)[] = [];
    const answers: unknown[] = [];
    const serve = engine.serve({
      post: (message) => void answers.push(structuredClone(message)),
      later: (one, msecs) => void (msecs === 0 && work.push(one)),
    });
    return {
      post(message, transfer = []) {
        requests.push(message);
        serve(structuredClone(message, { transfer: [...transfer] }));
        for (let next = work.shift(); next !== undefined; next = work.shift()) next();
        for (let next = answers.shift(); next !== undefined; next = answers.shift()) take(next);
      },
      end: () => undefined,
    };
  };
  using vcpu = start((options) => engine.newVcpu({ ...options, beside }), countdown, "plain");
  vcpu.registers.set("x0", 10_000_000n);
  untilExit(vcpu, "syscall");
  assert.equal(vcpu.registers.get("x0"), 0n);
  assert.ok(requests.length > 0);
});

/** By how an entry is loaded, and the label that distances are from: three instructions that differ. */
const tables: readonly (readonly [what: string, load: number, add: number, entry: 1 | 2 | 4])[] = [
  // LDRB W16, [X9, X15]; ADD X13, X13, X16, LSL #2.
  ["bytes", 0x386f_6930, 0x8b10_09ad, 1],
  // LDRH W16, [X9, X15, LSL #1]; the same.
  ["halves", 0x786f_7930, 0x8b10_09ad, 2],
  // LDRSW X16, [X9, X15, LSL #2]; ADD X13, X9, X16.
  ["words from the table itself", 0xb8af_7930, 0x8b10_012d, 4],
];

for (const [what, loadEntry, add, entry] of tables) {
  for (const [how, newVcpu] of Object.entries(engines)) {
    test(`jumps by a table of ${what} go where its entries lead, ${how}`, () => {
      // AND W15, W0, #3; CMP W15, #3; B.HI end; ADR X13, first; load; add; BR X13.
      const head = [0x1200_040f, 0x7100_0dff, 0x5400_01c8, 0x1000_008d, loadEntry, add, 0xd61f_01a0];
      // ADD X2, X2, #1, #16, #256, #4095, each but the last with B next; SUB X0, X0, #1; CBNZ X0, AND; SVC.
      const cases = [
        0x9100_0442, 0x1400_0006, 0x9100_4042, 0x1400_0004, 0x9104_0042, 0x1400_0002, 0x913f_fc42,
      ];
      const tail = [0xd100_0400, 0xb5ff_fe20, 0xd400_0001];
      using vcpu = start(newVcpu, [...head, ...cases, ...tail], "plain");
      const first = code + 4 * head.length;
      const view = new DataView(new ArrayBuffer(4 * entry));
      for (let n = 0; n < 4; n++) {
        if (entry === 1) view.setUint8(n, 2 * n);
        else if (entry === 2) view.setUint16(2 * n, 2 * n, true);
        else view.setInt32(4 * n, first + 8 * n - locked, true);
      }
      vcpu.memory.bytes(locked, 4 * entry)?.set(new Uint8Array(view.buffer));
      vcpu.registers.set("x9", BigInt(locked));
      vcpu.registers.set("x0", 4_000n);
      untilExit(vcpu, "syscall");
      assert.equal(vcpu.registers.get("x2"), 1000n * (1n + 16n + 256n + 4095n));
    });
  }
}
