// Checkpoints of a recording: now and then, at an exit, the log has a number that follows from the guest's registers, parts
// of its memory and the log before it. A replay that departs from its recording comes to another one.
import type { Isa } from "../../abi/elf.js";
import type { Exit, Vcpu } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { hashOf, mix } from "./hash.js";

/** Bytes of memory that a checkpoint looks at: a slice, another one each time, so that all is seen in turn. */
const SLICE = 128 * 1024;
/** Bytes from the stack pointer on. */
const STACK = 4096;

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}${index}`);

const names: Readonly<Record<Isa, readonly string[]>> = {
  "x86-64": [
    ..."rip rflags rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 fs_base".split(" "),
    ...numbered("xmm", 16),
  ],
  aarch64: ["pc", "nzcv", ...numbered("x", 31), "sp", "tpidr_el0", ...numbered("v", 32)],
};
const stackPointers: Readonly<Record<Isa, string>> = { "x86-64": "rsp", aarch64: "sp" };

/** What checkpoints look at. */
export type CheckpointGuest = Pick<Vcpu, "memory" | "registers">;

/** Exits that come wherever an engine pauses: they are not counted. */
const pauses: ReadonlySet<Exit["kind"]> = new Set(["tick", "budget", "breakpoint", "watchpoint", "step"]);

/** Whether an exit is the guest's doing, so that a replay has the same. */
export const isGuests = ({ kind }: Exit): boolean => !pauses.has(kind);

/** A number of 32 bits that follows from what the guest is at its `exits`th exit. */
export function stateHash({ memory, registers }: CheckpointGuest, exits: number, isa: Isa): number {
  let hash = mix(0x811c_9dc5, exits);
  for (const name of names[isa]) {
    for (let rest = registers.get(name); ; rest >>= 32n) {
      hash = mix(hash, Number(rest & 0xffff_ffffn));
      if (rest === 0n) break;
    }
  }
  hash = hashOf(bytesAt(memory, registers.get(stackPointers[isa]) & ~3n, STACK), hash);
  const slices = Math.max(1, Math.ceil(memory.size / SLICE));
  return hashOf(bytesAt(memory, BigInt((exits % slices) * SLICE), SLICE), hash) >>> 0;
}

/** As much of a range as there is. */
function bytesAt(memory: GuestMemory, start: bigint, length: number): Uint8Array {
  const rest = BigInt(memory.size) - start;
  if (rest <= 0n) return new Uint8Array();
  return memory.bytes(start, rest < BigInt(length) ? Number(rest) : length) ?? new Uint8Array();
}

/** Looks at the time at every so many exits, and makes a checkpoint where it takes at most 3 % of it. */
const EXITS = 16;
const SHARE = 0.03;

/** Says at which exits checkpoints are due; `made` is told what one took. */
export function schedule(): { isDue(exits: number): boolean; made(msecs: number): void } {
  let next = 0;
  return {
    isDue: (exits) => exits % EXITS === 0 && performance.now() >= next,
    made: (msecs) => (next = performance.now() + msecs / SHARE),
  };
}
