// String instructions, with and without REP. Specification: Intel SDM volume 2, MOVS, STOS, LODS, SCAS, CMPS, REP.
// A repetition that is long goes on at the same instruction, so that interrupts and budgets are not kept waiting.
import { pageSize } from "../../../bytes/align.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { rflag } from "../cpu.js";
import { canonical, type Machine, requireIoPrivilege, type Slow } from "../machine.js";
import { state } from "../state.js";

const RAX = 0;
const RCX = 1;
const RSI = 6;
const RDI = 7;
/** Iterations, or bytes of a bulk one, before the instruction is left and entered again. */
const CHUNK = 65536;

interface StringOperation {
  readonly size: 1 | 2 | 4 | 8;
  readonly source: boolean;
  readonly destination: boolean;
  /** One iteration; false ends the repetition of CMPS and SCAS. */
  readonly step: (m: Machine, size: number, from: number, to: number, i: Instruction) => boolean;
  /** Bytes moved at once, going up: at most `count` elements; 0 where it cannot. */
  readonly bulk?: (m: Machine, size: number, from: number, to: number, count: number) => number;
}

const register = (m: Machine, i: Instruction, index: number): number =>
  i.addressWidth === 64 ? canonical(m.cpu.gpr(index)) : m.cpu.low(index) >>> 0;

function advance(m: Machine, i: Instruction, index: number, by: number): void {
  if (i.addressWidth === 64) m.cpu.setGpr(index, BigInt.asUintN(64, m.cpu.gpr(index) + BigInt(by)));
  else m.cpu.setLow(index, m.cpu.low(index) + by);
}

function sourceBase(m: Machine, i: Instruction): number {
  if (i.segment < 4) return 0;
  return Number(BigInt.asIntN(64, m.cpu.u64[(i.segment === 4 ? state.fsBase : state.gsBase) >> 3] ?? 0n));
}

/** Direction and trap, which no status flag has to be computed for. */
const modes = (m: Machine): number => m.cpu.i32[state.rflags >> 2] ?? 0;

/**
 * As much of a repetition as lies below 4 GiB and goes up, at most a chunk, without any bigint: what C libraries have most of the
 * time. Registers are always those of what has been done.
 */
function runLow(m: Machine, { addressWidth, segment }: Instruction, operation: StringOperation): void {
  const { source, destination, size, bulk } = operation;
  const { cpu } = m;
  const { i32 } = cpu;
  if (bulk === undefined || addressWidth !== 64 || (source && segment >= 4)) return;
  if ((modes(m) & (rflag.DF | rflag.TF)) !== 0 || cpu.hasAc) return;
  const high = (index: number): number => i32[2 * index + 1] ?? 0;
  if ((high(RCX) | (source ? high(RSI) : 0) | (destination ? high(RDI) : 0)) !== 0) return;
  for (let left = Math.min(cpu.low(RCX) >>> 0, CHUNK); left > 0;) {
    const from = source ? cpu.low(RSI) >>> 0 : 0;
    const to = destination ? cpu.low(RDI) >>> 0 : 0;
    if (Math.max(from, to) + left * size >= 2 ** 32) return;
    const elements = bulk(m, size, from, to, left);
    if (elements === 0) return;
    left -= elements;
    if (source) cpu.setLow(RSI, from + elements * size);
    if (destination) cpu.setLow(RDI, to + elements * size);
    cpu.setLow(RCX, cpu.low(RCX) - elements);
  }
}

function run(m: Machine, i: Instruction, operation: StringOperation): void {
  const { cpu } = m;
  const { size } = operation;
  if (i.repeat !== 0) {
    runLow(m, i, operation);
    if (((i.addressWidth === 64 ? (cpu.i32[2 * RCX + 1] ?? 0) : 0) | cpu.low(RCX)) === 0) return;
  }
  const step = (modes(m) & rflag.DF) === 0 ? size : -size;
  const base = operation.source ? sourceBase(m, i) : 0;
  const once = (): boolean => {
    const from = operation.source ? base + register(m, i, RSI) : 0;
    const to = operation.destination ? register(m, i, RDI) : 0;
    const goes = operation.step(m, size, from, to, i);
    if (operation.source) advance(m, i, RSI, step);
    if (operation.destination) advance(m, i, RDI, step);
    return goes;
  };
  if (i.repeat === 0) {
    once();
    return;
  }
  const count = () => (i.addressWidth === 64 ? cpu.gpr(RCX) : BigInt(cpu.low(RCX) >>> 0));
  // A trap comes behind each iteration, and #AC before any.
  const atOnce = (modes(m) & rflag.TF) === 0 ? CHUNK : 1;
  for (let done = 0; done < atOnce && count() !== 0n; done++) {
    if (operation.bulk !== undefined && step > 0 && atOnce > 1 && !cpu.hasAc) {
      const from = operation.source ? base + register(m, i, RSI) : 0;
      const to = operation.destination ? register(m, i, RDI) : 0;
      const wanted = count() > BigInt(CHUNK) ? CHUNK : Number(count());
      const elements = operation.bulk(m, size, from, to, wanted);
      if (elements > 0) {
        if (operation.source) advance(m, i, RSI, elements * size);
        if (operation.destination) advance(m, i, RDI, elements * size);
        advance(m, i, RCX, -elements);
        done += elements - 1;
        continue;
      }
    }
    const goes = once();
    advance(m, i, RCX, -1);
    if (!goes) return;
  }
  if (count() !== 0n) cpu.rip = i.pc;
}

/** How many elements lie before the end of the page. */
const inPage = (address: number, size: number) => Math.floor((pageSize - (address & (pageSize - 1))) / size);

const move: Pick<StringOperation, "step" | "bulk"> = {
  step(m, size, from, to) {
    m.memory.write(to, size, m.memory.read(from, size));
    return true;
  },
  bulk(m, size, from, to, count) {
    const elements = Math.min(count, inPage(from, size), inPage(to, size));
    const bytes = elements * size;
    // An overlap copies what was just written: element by element.
    if (elements < 1 || (from < to && to < from + bytes)) return 0;
    const source = m.memory.place(from | 0, Math.floor(from / 0x1_0000_0000), bytes, "read");
    const destination = m.memory.place(to | 0, Math.floor(to / 0x1_0000_0000), bytes, "write");
    if (source < 0 || destination < 0) return 0;
    m.mmu.bytes.copyWithin(destination, source, source + bytes);
    return elements;
  },
};

const store: Pick<StringOperation, "step" | "bulk"> = {
  step(m, size, _from, to) {
    m.memory.write(to, size, BigInt.asUintN(size * 8, m.cpu.gpr(RAX)));
    return true;
  },
  bulk(m, size, _from, to, count) {
    const elements = Math.min(count, inPage(to, size));
    if (elements < 1) return 0;
    const at = m.memory.place(to | 0, Math.floor(to / 0x1_0000_0000), elements * size, "write");
    if (at < 0) return 0;
    const value = m.cpu.gpr(RAX);
    for (let n = 0; n < size; n++) m.mmu.bytes[at + n] = Number((value >> BigInt(8 * n)) & 0xffn);
    for (let filled = size; filled < elements * size; filled *= 2) {
      m.mmu.bytes.copyWithin(at + filled, at, at + Math.min(filled, elements * size - filled));
    }
    return elements;
  },
};

/** Flags as of CMP a, b; whether REPE or REPNE goes on. */
function compare(m: Machine, i: Instruction, size: number, a: bigint, b: bigint): boolean {
  const e = m.evaluator;
  const width = (size * 8) as 8 | 16 | 32 | 64;
  const value = (x: bigint) =>
    e.constant(width, Number(BigInt.asIntN(32, x)), Number(BigInt.asIntN(32, x >> 32n)));
  const [left, right] = [value(a), value(b)];
  e.flagsSub(width, left, right, e.sub(width, left, right));
  return (a === b) === (i.repeat === 0xf3);
}

const compareStrings: Pick<StringOperation, "step"> = {
  step: (m, size, from, to, i) => compare(m, i, size, m.memory.read(from, size), m.memory.read(to, size)),
};

const scan: Pick<StringOperation, "step"> = {
  step: (m, size, _from, to, i) =>
    compare(m, i, size, BigInt.asUintN(size * 8, m.cpu.gpr(RAX)), m.memory.read(to, size)),
};

const loadString: Pick<StringOperation, "step"> = {
  step(m, size, from) {
    const value = m.memory.read(from, size);
    const old = m.cpu.gpr(RAX);
    const bits = BigInt(size * 8);
    m.cpu.setGpr(RAX, size >= 4 ? value : ((old >> bits) << bits) | value);
    return true;
  },
};

/** Between memory and the port in DX. */
const input: Pick<StringOperation, "step"> = {
  step(m, size, _from, to) {
    const exit = { kind: "in" as const, port: portInDx(m), size: size as 1 | 2 | 4, value: 0 };
    m.memory.place(to | 0, Math.floor(to / 0x1_0000_0000) | 0, size, "write");
    m.ask(exit);
    m.memory.write(to, size, BigInt(exit.value >>> 0));
    return true;
  },
};
const output: Pick<StringOperation, "step"> = {
  step(m, size, from) {
    const value = Number(m.memory.read(from, size));
    m.ask({ kind: "out", port: portInDx(m), size: size as 1 | 2 | 4, value });
    return true;
  },
};

const RDX = 2;

const portInDx = (m: Machine): number => m.cpu.low(RDX) & 0xffff;

const suffixes = [
  ["B", 1],
  ["W", 2],
  ["D", 4],
  ["Q", 8],
] as const;

function family(
  name: string,
  source: boolean,
  destination: boolean,
  how: Pick<StringOperation, "step" | "bulk">,
): [string, Slow][] {
  return suffixes.map(([suffix, size]) => {
    const operation = { ...how, size, source, destination };
    return [`${name}${suffix}`, (m, i) => run(m, i, operation)];
  });
}

/** Privilege comes before everything, a count of 0 too. */
const ports = (name: string, source: boolean, how: Pick<StringOperation, "step">): [string, Slow][] =>
  family(name, source, !source, how)
    .filter(([mnemonic]) => !mnemonic.endsWith("Q"))
    .map(([mnemonic, slow]) => [
      mnemonic,
      (m, i) => {
        requireIoPrivilege(m);
        slow(m, i);
      },
    ]);

export const stringInstructions: Record<string, Slow> = Object.fromEntries([
  ...family("MOVS", true, true, move),
  ...family("STOS", false, true, store),
  ...family("LODS", true, false, loadString),
  ...family("SCAS", false, true, scan),
  ...family("CMPS", true, true, compareStrings),
  ...ports("INS", false, input),
  ...ports("OUTS", true, output),
]);
