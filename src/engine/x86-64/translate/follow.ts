// Finds the instructions of a function from its entry, by following control flow; calls are not followed.
import { decode } from "../../../isa/x86-64/decoder.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { MemoryShape } from "./access.js";
import { isChained } from "./build/builder.js";
import { findTable, type FoundTable } from "./jump-table.js";
import { RSP } from "./slots.js";

const RBP = 5;

/** The guest's code as the translator sees it. */
export interface Code {
  /** Guest memory from address 0. */
  readonly bytes: Uint8Array;
  readonly shape: MemoryShape;
  /** Whether the page of an address may be executed. */
  readonly isExecutable: (pc: number) => boolean;
  /** Whether an address is known to be called: a jump there leaves the unit. */
  readonly isEntry: (pc: number) => boolean;
  /** Count instructions exactly (replay profile): fuel is instructions then, else loop rounds and calls. */
  readonly counts: boolean;
  /** What a general register holds now, which is where the unit is about to be entered. */
  readonly registerNow: (index: number) => number;
  /** Whether an address has been gone to so far: what has never been called is not translated with its caller. */
  readonly isKnown: (pc: number) => boolean;
  /** Where an indirect call at an address has gone so far, most often first. */
  readonly targetsOf: (pc: number) => readonly number[];
  /** Functions followed so far, by entry. */
  readonly functions: Map<number, Found>;
  /** Tables found so far, by the address of the load: a unit that begins in a loop does not see where its base is set. */
  readonly tables: Map<number, FoundTable>;
}

/** A function beyond this many instructions ends early, and another unit begins there. */
const MAX_INSTRUCTIONS = 4000;

/** A function: what can be reached from its entry without a call. */
export interface Found {
  readonly leaders: ReadonlySet<number>;
  readonly instructions: ReadonlyMap<number, Instruction>;
  /** It ends at another function's entry or for its size. */
  readonly leaves: boolean;
  /** It sets the stack pointer to something new: its return hardly goes back to its call. */
  readonly switches: boolean;
  /** Pages of guest memory that it lies in. */
  readonly pages: ReadonlySet<number>;
  readonly sizeBytes: number;
}

export function follow(entry: number, code: Code): Found {
  const leaders = new Set([entry]);
  const instructions = new Map<number, Instruction>();
  const { tables } = code;
  const work = [entry];
  const lead = (pc: number) => {
    if (leaders.has(pc)) return;
    leaders.add(pc);
    work.push(pc);
  };
  const path: Instruction[] = [];
  const pages = new Set<number>();
  let sizeBytes = 0;
  let jumpsAway = false;
  const isInPages = (pc: number): boolean => {
    const page = pc >>> 12;
    if (pages.has(page)) return true;
    if (pc < 0 || pc >= code.shape.size || !code.isExecutable(pc)) return false;
    pages.add(page);
    return true;
  };
  for (let start = work.pop(); start !== undefined; start = work.pop()) {
    path.length = 0;
    for (let pc = start; !instructions.has(pc) && instructions.size < MAX_INSTRUCTIONS;) {
      if (!isInPages(pc)) break;
      const i = decode(code.bytes, pc, pc);
      if (typeof i === "string" || !isInPages(i.next - 1)) break;
      if (i.row.traits.flow === "stop") break;
      instructions.set(pc, i);
      sizeBytes += i.next - pc;
      path.push(i);
      const [first] = i.operands;
      const target = first?.kind === "target" ? first.target : undefined;
      const { flow } = i.row.traits;
      if (target !== undefined && (flow === "branch" || flow === "jump")) {
        if (flow === "branch" || !code.isEntry(target)) lead(target);
        else jumpsAway = true;
      }
      if (flow === "jumpTo") {
        const table = known(path, tables) ?? findTable(path, instructions, code);
        if (table !== undefined) {
          tables.set(table.load.pc, table);
          table.targets.forEach(lead);
        }
      }
      if (flow === "jump" || flow === "jumpTo" || flow === "ret") break;
      const isLast = i.row.traits.run === undefined && !(isChained(i) && isChainedAt(code, i.next));
      if (flow !== undefined || isLast) lead(i.next);
      pc = i.next;
      if (leaders.has(pc)) break;
    }
  }
  const leaves = instructions.size >= MAX_INSTRUCTIONS || [...leaders].some((pc) => !instructions.has(pc));
  const switches = [...instructions.values()].some(switchesStacks);
  return { leaders, instructions, leaves: leaves || jumpsAway, switches, pages, sizeBytes };
}

function isChainedAt(code: Code, pc: number): boolean {
  const i = decode(code.bytes, pc, pc);
  return typeof i !== "string" && isChained(i);
}

/** MOV, XCHG and POP to rsp; from rbp it is a frame's end. */
function switchesStacks({ row, operands: [to, from] }: Instruction): boolean {
  if (to?.kind !== "register" || to.index !== RSP || to.width !== 64) return false;
  const isFrameEnd = from?.kind === "register" && from.index === RBP;
  return /^(MOV|XCHG|POP)$/.test(row.mnemonic) && !isFrameEnd;
}

/** The table of a jump that was met before: by the jump or the load two before. */
const known = (
  path: readonly Instruction[],
  tables: ReadonlyMap<number, FoundTable>,
): FoundTable | undefined => tables.get(path.at(-1)?.pc ?? -1) ?? tables.get(path.at(-3)?.pc ?? -1);
