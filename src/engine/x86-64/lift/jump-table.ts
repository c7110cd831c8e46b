// Recognises jumps by a table that cannot change: of addresses (`JMP [table + index * 8]`), and, as compilers write
// for code that may be moved, of distances from the table (`MOVSXD t, [table + index * 4]; ADD t, table; JMP t`).
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { CodeAround, JumpTable, TableSearch } from "../../portable/guest-isa.js";

const MAX_ENTRIES = 4096;
/** Instructions before a jump or branch that a comparison of the index may be among. */
const NEAR = 8;

/** The instructions of one path, and the addresses that LEA has put into registers anywhere in the function. */
export class TablePath implements TableSearch {
  readonly #path: Instruction[] = [];
  readonly #addresses: (number | undefined)[] = [];
  /** How many values an index may have behind a branch, by where that leads: another path than the comparison's. */
  readonly #bounds = new Map<number, number>();
  #bound: number | undefined;

  follow(i: Instruction, isStart: boolean): void {
    if (isStart) {
      this.#path.length = 0;
      this.#bound = this.#bounds.get(i.pc);
    }
    this.#path.push(i);
    if (i.row.traits.flow === "branch") this.#noteBound(i);
    noteAddress(i, this.#addresses);
  }

  #noteBound({ operands: [target], next }: Instruction): void {
    const bound = boundOf(this.#path);
    if (bound === undefined) return;
    this.#bounds.set(next, bound);
    if (target?.kind === "target") this.#bounds.set(target.target, bound);
  }

  /** One that was met before is known by the jump or the load two before, and read again where its length is known only now. */
  find(code: CodeAround, known: ReadonlyMap<number, JumpTable>): JumpTable | undefined {
    const path = this.#path;
    const met = known.get(path.at(-1)?.pc ?? -1) ?? known.get(path.at(-3)?.pc ?? -1);
    const bound = boundOf(path) ?? this.#bound;
    if (met !== undefined && (met.isBounded || bound === undefined)) return met;
    return findTable(path, this.#addresses, bound, code) ?? met;
  }
}

/** The table of the jump at the end of `path`; `addresses` are those that LEA has put into registers so far. */
function findTable(
  path: readonly Instruction[],
  addresses: readonly (number | undefined)[],
  bound: number | undefined,
  code: CodeAround,
): JumpTable | undefined {
  const jump = path.at(-1);
  const operand = jump?.operands[0];
  const count = Math.min(bound ?? MAX_ENTRIES, MAX_ENTRIES);
  const isBounded = bound !== undefined;
  if (operand?.kind === "memory") {
    const isTable = operand.base < 0 && operand.index >= 0 && operand.scale === 3 && operand.segment < 4;
    const table = isTable ? readTable(operand.displacement, 8, count, code) : undefined;
    return table && jump && { ...table, isBounded, load: jump.pc, index: operand.index, base: -1 };
  }
  if (operand?.kind !== "register") return undefined;
  const add = path.at(-2);
  const loading = path.at(-3);
  const load = loading?.operands[1];
  const isRelative = add?.row.mnemonic === "ADD" && isRegister(add.operands[0], operand.index);
  if (!isRelative || load?.kind !== "memory" || load.scale !== 2 || load.base < 0 || load.index < 0)
    return undefined;
  const isPlain = load.displacement === 0 && load.segment < 4 && loading?.row.mnemonic === "MOVSXD";
  if (!isPlain) return undefined;
  const table = readTable(addresses[load.base] ?? code.registerNow(load.base), 4, count, code);
  return table && { ...table, isBounded, load: loading.pc, index: load.index, base: load.base };
}

const isRegister = (o: Instruction["operands"][number] | undefined, index: number): boolean =>
  o?.kind === "register" && o.width === 64 && o.index === index;

/**
 * Remembers the address that a LEA puts into a register: a guess at what it holds elsewhere in the function, which
 * translated code checks.
 */
function noteAddress({ row, operands }: Instruction, addresses: (number | undefined)[]): void {
  const [to, from] = operands;
  if (row.mnemonic !== "LEA" || to?.kind !== "register" || to.width !== 64 || from?.kind !== "memory") return;
  if (from.base < 0 && from.index < 0) addresses[to.index] = from.displacement;
}

/** Entries as long as they are addresses of code; undefined where there are not at least three different ones. */
function readTable(at: number, entry: 4 | 8, count: number, code: CodeAround) {
  const { bytes, shape, isExecutable } = code;
  const end = Math.min(at + entry * count, shape.writable);
  if (at < shape.readable || end <= at) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, end - at);
  const targets: number[] = [];
  const entries: number[] = [];
  for (let offset = 0; offset + entry <= end - at; offset += entry) {
    const target = entry === 8 ? view.getUint32(offset, true) : at + view.getInt32(offset, true);
    if (entry === 8 && view.getUint32(offset + 4, true) !== 0) break;
    if (target < 0 || target >= shape.size || !isExecutable(target)) break;
    targets.push(target);
    entries.push(entry === 8 ? target : target - at);
  }
  // Two ways to go are a branch; a table of fewer is left to the dispatcher.
  return new Set(targets).size < 3 ? undefined : { at, sizeBytes: entry * targets.length, targets, entries };
}

/** How many values an index has that was compared with a constant or cut to its bits, shortly before. */
function boundOf(path: readonly Instruction[]): number | undefined {
  for (const { row, operands } of path.slice(-NEAR).reverse()) {
    const constant = operands[1];
    if (
      (row.mnemonic === "CMP" || row.mnemonic === "AND") &&
      constant?.kind === "immediate" &&
      constant.low >= 0
    )
      return constant.low + 1;
  }
  return undefined;
}
