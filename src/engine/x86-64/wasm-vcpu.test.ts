// The engine as a page's main thread has it, what one run leaves to another, and functions that are too large for one unit. Sums are
// known beforehand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { viewOf } from "../../bytes/struct.js";
import { testCompanion } from "../../../test/companion.js";
import { type PortableVcpu, protectionsOf, type VcpuOptions } from "../contract.js";
import { decodeStored } from "../portable/link/stored.js";
import { machineMemory } from "../portable/memory/machine-memory.js";
import { caseMap, hex32, last, layout, putHex } from "../vcpu.cases.js";
import { newInterpreter } from "./interpreter.js";
import { programs } from "./programs.cases.js";
import { type AccelerationOptions, newWasmVcpu } from "./wasm-vcpu.js";

const SUM = 5_000_050_000n;

const options = (more: Partial<VcpuOptions> = {}): VcpuOptions => ({
  memory: machineMemory(caseMap.size),
  exceptions: "guest",
  ...protectionsOf(caseMap),
  profile: "plain",
  ...more,
});

function open(
  program: string,
  more: Partial<VcpuOptions> = {},
  acceleration: AccelerationOptions = { threshold: 1 },
): PortableVcpu {
  const vcpu = newWasmVcpu(options(more), acceleration);
  programs.start(vcpu, program);
  return vcpu;
}

/** Runs until the budget is used up or something is said; whether the program has ended. */
function runOn(vcpu: PortableVcpu): boolean {
  let isOver = false;
  vcpu.run((exit) => {
    const heard = programs.heard(vcpu, exit);
    isOver = heard === last;
    return heard !== undefined || exit.kind !== "tick" ? "suspend" : "resume";
  });
  return isOver;
}

const counted = (vcpu: PortableVcpu): bigint => vcpu.registers.get(programs.registers.counter);

/** Runs to the end with a turn for what the engine does beside the guest after each slice; how many turns it wanted. */
async function inTurns(vcpu: PortableVcpu, turns: (() => void)[]): Promise<number> {
  let wanted = 0;
  for (;;) {
    vcpu.setBudget(20_000);
    if (runOn(vcpu)) return wanted;
    for (const work of turns.splice(0)) {
      wanted++;
      work();
    }
    await setImmediate();
  }
}

/** G: 100 times inc rbx; ret */
const g = `${"48ffc3".repeat(100)}c3`;
/** H: add rbx, 5; call G; ret */
const h = "4883c305 e801000000 c3";
/** 5000 calls of G; with R12, 5000 of H. */
const calls = [
  "b988130000 e82c000000 ffc9 75f7", // mov ecx, 5000; L: call G; dec ecx; jnz L
  "4d85e4 740e", // test r12, r12; jz END
  "b988130000 e80f000000 ffc9 75f7", // mov ecx, 5000; M: call H; dec ecx; jnz M
  `ba01050000 b8${hex32(last)} ef`, // END
  h,
  g,
]
  .join("")
  .replaceAll(" ", "");

test("nothing takes long where there are turns, and code from a cache comes in them as well", async () => {
  const made: (Uint8Array | undefined)[] = [];
  for (const cached of [false, true]) {
    const turns: (() => void)[] = [];
    using vcpu = open(programs.sum, { later: (work) => void turns.push(work) });
    if (cached) vcpu.importCache?.(made[0] ?? new Uint8Array());
    const wanted = await inTurns(vcpu, turns);
    assert.equal(counted(vcpu), SUM);
    if (!cached) assert.ok(wanted > 0);
    made.push(vcpu.exportCache?.(1000));
  }
  assert.ok((made[0]?.length ?? 0) > 0);
});

test("what a companion has translated is kept, and goes on with another", () => {
  let cache: Uint8Array | undefined;
  for (const r12 of [0n, 1n, 1n]) {
    const { beside, log } = testCompanion("at once");
    using vcpu = open(calls, { beside });
    vcpu.registers.set("r12", r12);
    if (cache !== undefined) vcpu.importCache?.(cache);
    assert.ok(runOn(vcpu));
    assert.equal(counted(vcpu), 500_000n + r12 * 525_000n);
    if (cache === undefined) assert.ok(log.requests.length > 0);
    cache = vcpu.exportCache?.(1000) ?? cache;
  }
  assert.ok(cache !== undefined);
});

test("cached code is not that of a program that differs", () => {
  using first = open(programs.sum);
  assert.ok(runOn(first));
  const cache = first.exportCache?.(1000);
  assert.ok(cache !== undefined);
  // sub rbx, rcx in place of add.
  using other = open(programs.sum.replace("4801cb", "4829cb"));
  other.importCache?.(cache);
  assert.ok(runOn(other));
  assert.equal(counted(other), BigInt.asUintN(64, -SUM));
});

test("a run goes on from what another has left, and leaves both", () => {
  let cache: Uint8Array | undefined;
  for (const r12 of [0n, 1n, 1n]) {
    using vcpu = open(calls);
    vcpu.registers.set("r12", r12);
    if (cache !== undefined) vcpu.importCache?.(cache);
    assert.ok(runOn(vcpu));
    assert.equal(counted(vcpu), 500_000n + r12 * 525_000n);
    cache = vcpu.exportCache?.(1000) ?? cache;
  }
});

/** Adds a number to another 20,000 times each in three modes: before and after each the sum and MXCSR. */
const modes = [
  "bf00201800 f20f1007", // mov edi, DATA; movsd xmm0, [rdi]
  "b9204e0000 f20f584708 ffc9 75f7 f20f114710", // mov ecx, 20000; L: addsd xmm0, [rdi+8]; dec ecx; jnz L; movsd [rdi+16], xmm0
  "0fae5728 b9204e0000 f20f584708 ffc9 75f7 f20f114718", // ldmxcsr [rdi+40]; the same, to [rdi+24]
  "0fae572c b9204e0000 f20f584708 ffc9 75f7 f20f114720", // ldmxcsr [rdi+44]; the same, to [rdi+32]
  `ba01050000 b8${hex32(last)} ef`,
]
  .join("")
  .replaceAll(" ", "");

test("a guest that rounds up for a while has its sums rounded up for as long", () => {
  using vcpu = open(modes);
  const bytes = vcpu.memory.bytes(layout.data, 64);
  assert.ok(bytes !== undefined);
  const data = viewOf(bytes);
  data.setFloat64(0, 1, true);
  data.setFloat64(8, 2 ** -60, true);
  const [masked, up] = [0x1f80, 0x5f80];
  data.setUint32(40, up, true);
  data.setUint32(44, masked, true);
  assert.ok(runOn(vcpu));
  // A sum that is rounded up goes on by one unit in the last place.
  const after = 1 + 20_000 * 2 ** -52;
  assert.deepEqual(
    [16, 24, 32].map((at) => data.getFloat64(at, true)),
    [1, after, after],
  );
});

const ROUNDS = 4000;
const [ARMS, ARM_LENGTH] = [8, 300];
const tableAt = layout.data;
/** Bytes of `add rbx, imm8` and `jmp rel32`. */
const [addBytes, jumpBytes] = [4, 5];
const armBytes = ARM_LENGTH * addBytes + jumpBytes;

/** 4000 rounds over a table of eight arms, each of 300 times `add rbx, NUMBER`, and RET: more than a unit takes. */
function large(): { program: string; arms: readonly number[]; sum: bigint } {
  // mov ecx, ROUNDS; call F; mov edx, 0x501; mov eax, last; out dx, eax
  const main = `b9${hex32(ROUNDS)}e8${hex32(11)}ba01050000b8${hex32(last)}ef`;
  // F: mov eax, ecx; and eax, 7; jmp [TABLE + rax * 8]
  const head = `89c883e007ff24c5${hex32(tableAt)}`;
  const headAt = layout.code + main.length / 2;
  const armsAt = headAt + head.length / 2;
  const tailAt = armsAt + ARMS * armBytes;
  const arms = Array.from({ length: ARMS }, (_, n) => armsAt + n * armBytes);
  const body = arms.map(
    (at, n) =>
      `4883c3${(n + 1).toString(16).padStart(2, "0")}`.repeat(ARM_LENGTH) +
      `e9${hex32(tailAt - (at + armBytes))}`,
  );
  // dec ecx; jnz F; ret
  const tail = `ffc90f85${hex32(headAt - (tailAt + 8))}c3`;
  const ofRound = (round: number): number => ARM_LENGTH * ((round % ARMS) + 1);
  const sum = Array.from({ length: ROUNDS }, (_, n) => ofRound(n + 1)).reduce((a, b) => a + b, 0);
  return { program: main + head + body.join("") + tail, arms, sum: BigInt(sum) };
}

test("a function that is too large for one unit does what it does in parts", () => {
  const { program, arms, sum } = large();
  const start = (vcpu: PortableVcpu): PortableVcpu => {
    putHex(vcpu, tableAt, arms.map((at) => hex32(at) + hex32(0)).join(""));
    return vcpu;
  };
  const interpreted = newInterpreter(options());
  programs.start(interpreted, program);
  const vcpus = [
    interpreted,
    open(program, {}, { threshold: 1 }),
    open(program, {}, { threshold: 100 }),
    open(program, {}, { threshold: 1, firstTier: "off" }),
  ];
  for (const vcpu of vcpus) {
    assert.ok(runOn(start(vcpu)));
    assert.equal(counted(vcpu), sum);
    vcpu[Symbol.dispose]();
  }
});

/** 30,000 rounds of eight calls of G with 40 bytes of NOP between them. */
function manyReturns(): { program: string; sizeBytes: number } {
  const [calls, between, rounds] = [8, 40, 30_000];
  const bodyBytes = calls * (5 + between);
  // mov ecx, ROUNDS; L: the body; dec ecx; jnz L; END; G: inc rbx; ret
  const end = `ba01050000b8${hex32(last)}ef`;
  const behind = 2 + 6 + end.length / 2;
  const body = Array.from({ length: calls }, (_, n) => {
    const after = n * (5 + between) + 5;
    return `e8${hex32(bodyBytes - after + behind)}${"90".repeat(between)}`;
  });
  const back = `0f85${hex32(-(bodyBytes + 2 + 6))}`;
  const program = `b9${hex32(rounds)}${body.join("")}ffc9${back}${end}48ffc3c3`;
  return { program, sizeBytes: program.length / 2 };
}

test("a loop to which many calls return is translated about once", () => {
  const { program, sizeBytes } = manyReturns();
  using vcpu = open(program, {}, {});
  assert.ok(runOn(vcpu));
  assert.equal(counted(vcpu), 240_000n);
  const stored = decodeStored(vcpu.exportCache?.(0) ?? new Uint8Array());
  const translated = stored?.code.units.reduce((sum, [, bytes = 0]) => sum + bytes, 0) ?? 0;
  assert.ok(translated >= sizeBytes / 2, `${translated}`);
  assert.ok(translated <= 2 * sizeBytes, `${translated} bytes for ${sizeBytes}`);
});

test("only the engine's own memory will do", () => {
  const memory = { size: caseMap.size, bytes: () => undefined };
  for (const newVcpu of [newInterpreter, newWasmVcpu])
    assert.throws(() => newVcpu(options({ memory })), { code: "WRONG_MEMORY" });
});
