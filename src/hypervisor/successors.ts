// Where a CPU of x86-64 may go from an instruction, for hypervisors that cannot step: what follows it, what it jumps to, and the guest's
// handlers of exceptions. Intel SDM volume 3, 6.14.
import { viewOf } from "../bytes/struct.js";
import type { Registers } from "../engine/contract.js";
import type { GuestMemory } from "../image/memory.js";
import { decode, MAX_LENGTH } from "../isa/x86-64/decoder.js";
import type { Instruction, MemoryOperand, Operand } from "../isa/x86-64/instruction.js";

const general = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
const gateSize = 16;
const exceptions = 32;
/** Returns that take more than an address from the stack. */
const isReturn = /^(?:IRET|RETF)/;

interface Successors {
  /** Where the instruction itself leads. */
  readonly own: readonly bigint[];
  readonly handlers: readonly bigint[];
}

/** Guests have flat segments, and memory at its own address. */
export function successors(memory: GuestMemory, registers: Registers): Successors {
  const here = registers.get("rip");
  const handlers = exceptionHandlers(memory, registers);
  const code = longestBytes(memory, here);
  const instruction = code === undefined ? "unknown" : decode(code, 0, Number(here));
  return { own: typeof instruction === "string" ? [] : targets(instruction, memory, registers), handlers };
}

function longestBytes(memory: GuestMemory, address: bigint): Uint8Array | undefined {
  for (let length = MAX_LENGTH; length > 0; length--) {
    const found = memory.bytes(address, length);
    if (found !== undefined) return found;
  }
  return undefined;
}

function targets(i: Instruction, memory: GuestMemory, registers: Registers): readonly bigint[] {
  const next = BigInt.asUintN(64, BigInt(i.next));
  const [first] = i.operands;
  const direct = first?.kind === "target" ? [BigInt.asUintN(64, BigInt(first.target))] : [];
  const popped = word(memory, registers.get("rsp"));
  switch (i.row.traits.flow) {
    case "jump":
    case "call":
      return direct;
    case "branch":
      return [...direct, next];
    case "jumpTo":
    case "callTo":
      return first === undefined ? [] : value(first, memory, registers);
    case "ret":
      return popped;
    default:
      return isReturn.test(i.row.mnemonic) ? popped : [next];
  }
}

function word(memory: GuestMemory, address: bigint): readonly bigint[] {
  const bytes = memory.bytes(address, 8);
  return bytes === undefined ? [] : [viewOf(bytes).getBigUint64(0, true)];
}

function value(of: Operand, memory: GuestMemory, registers: Registers): readonly bigint[] {
  if (of.kind === "register") return [registers.get(general[of.index] ?? "")];
  return of.kind === "memory" ? word(memory, effectiveAddress(of, registers)) : [];
}

function effectiveAddress(of: MemoryOperand, registers: Registers): bigint {
  const register = (index: number): bigint => (index < 0 ? 0n : registers.get(general[index] ?? ""));
  const segment = of.segment === 4 ? "fs_base" : of.segment === 5 ? "gs_base" : undefined;
  const offset = register(of.base) + (register(of.index) << BigInt(of.scale)) + BigInt(of.displacement);
  return BigInt.asUintN(64, BigInt.asUintN(of.addressWidth, offset) + (segment === undefined ? 0n : registers.get(segment))); // prettier-ignore
}

function exceptionHandlers(memory: GuestMemory, registers: Registers): readonly bigint[] {
  const base = registers.get("idt_base");
  const count = Math.min(exceptions, Math.floor((Number(registers.get("idt_limit")) + 1) / gateSize));
  return Array.from({ length: count }, (_, i) => memory.bytes(base + BigInt(gateSize * i), gateSize)).flatMap(
    (gate) => {
      if (gate === undefined || ((gate[5] ?? 0) & 0x80) === 0) return [];
      const view = viewOf(gate);
      const low = view.getUint16(0, true) | (view.getUint16(6, true) << 16);
      return [BigInt(low >>> 0) | (BigInt(view.getUint32(8, true)) << 32n)];
    },
  );
}
