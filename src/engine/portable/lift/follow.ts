// Finds the instructions of a function from its entry, by following control flow; calls are not followed.
import type { GuestInstruction, GuestIsa, JumpTable } from "../guest-isa.js";
import type { MemoryShape } from "../ir/access.js";

/** The guest's code as the translator sees it. */
export interface Code {
  readonly isa: GuestIsa;
  /** Guest memory from address 0. */
  readonly bytes: Uint8Array;
  readonly shape: MemoryShape;
  /** Whether the page of an address may be executed. */
  readonly isExecutable: (pc: number) => boolean;
  /** Whether an address is known to be called: a jump there leaves the unit. */
  readonly isEntry: (pc: number) => boolean;
  /** Whether another unit begins at an address in any case: part of a function that is too large for one. */
  readonly isBoundary: (pc: number) => boolean;
  /** Whether a unit is there that is better gone on in than had once more. */
  readonly isLargeUnit: (pc: number) => boolean;
  readonly addBoundary: (pc: number) => void;
  /** Count instructions exactly (replay profile): fuel is instructions then, else loop rounds and calls. */
  readonly counts: boolean;
  /** Status flags are the CPU's wherever a unit may be left, even where nothing reads them any more. */
  readonly keepsFlags: boolean;
  /** Floating point is as the guest's modes have it, not to nearest without flags. */
  readonly exact: boolean;
  /** What a general register holds now, which is where the unit is about to be entered. */
  readonly registerNow: (index: number) => number;
  /** Whether an address has been gone to so far: what has never been called is not translated with its caller. */
  readonly isKnown: (pc: number) => boolean;
  /** Whether anything that has been executed so far calls an address. */
  readonly isCalled: (pc: number) => boolean;
  /** Whether the loads of the instruction at an address look at the page map. */
  readonly looksUp: (pc: number) => boolean;
  /** Whether the instruction at an address has been executed so far: what has not is left out. */
  readonly hasRun: (pc: number) => boolean;
  /** The instruction at an address, where the interpreter has decoded it. */
  readonly decoded: (pc: number) => GuestInstruction | undefined;
  /** How often the interpreter has jumped to an address, about. */
  readonly countAt: (pc: number) => number;
  /** Where an indirect call at an address has gone so far, most often first. */
  readonly targetsOf: (pc: number) => readonly number[];
  /** Where an indirect jump at an address has gone so far. */
  readonly jumpTargetsOf: (pc: number) => Iterable<number>;
  readonly jumpSourcesOf: (pc: number) => Iterable<number>;
  /** Functions followed so far to see whether they are small, by entry. */
  readonly functions: Map<number, Found>;
  /** Tables found so far, by the address of the load: a unit that begins in a loop does not see where its base is set. */
  readonly tables: Map<number, JumpTable>;
}

/** What is followed of a function at most, in instructions; the rest is as another function. */
const MAX_INSTRUCTIONS = 2500;

/** Functions of at most so many instructions are built into those that call them or jump to them. */
export const MAX_INLINED = 64;

/** A function: what can be reached from its entry without a call. */
export interface Found {
  readonly leaders: ReadonlySet<number>;
  readonly instructions: ReadonlyMap<number, GuestInstruction>;
  /** Where its indirect jumps without a table have gone inside of it. */
  readonly jumpTargets: ReadonlySet<number>;
  /** It ends at another function's entry or for its size. */
  readonly leaves: boolean;
  /** It sets the stack pointer to something new: its return hardly goes back to its call. */
  readonly switches: boolean;
  /** Pages of guest memory that it lies in. */
  readonly pages: ReadonlySet<number>;
  readonly sizeBytes: number;
}

export function follow(entry: number, code: Code, limit = MAX_INSTRUCTIONS): Found {
  const leaders = new Set([entry]);
  const instructions = new Map<number, GuestInstruction>();
  const { isa, tables } = code;
  const search = isa.newTableSearch();
  const jumpTargets = new Set<number>();
  const work = [entry];
  const isElsewhere = (pc: number) =>
    pc !== entry && (code.isBoundary(pc) || (code.isLargeUnit(pc) && !jumpTargets.has(pc)));
  /** `isSure`: what is before it goes on there in any case. */
  const lead = (pc: number, isSure = false) => {
    if (leaders.has(pc)) return;
    if (!(isSure || code.hasRun(pc)) || isElsewhere(pc)) {
      isWhole = false;
      return;
    }
    leaders.add(pc);
    work.push(pc);
  };
  const pages = new Set<number>();
  let sizeBytes = 0;
  let isWhole = true;
  const isInPages = (pc: number): boolean => {
    const page = pc >>> 12;
    if (pages.has(page)) return true;
    if (pc < 0 || pc >= code.shape.size || !code.isExecutable(pc)) return false;
    pages.add(page);
    return true;
  };
  /** A jump at a function's end to another: a small one is part of this. */
  const isSmall = (at: number): boolean => {
    if (limit < MAX_INSTRUCTIONS) return false;
    const found = smallFunctionAt(at, code);
    return !found.leaves && found.instructions.size <= MAX_INLINED;
  };
  // What is near comes first, in case that not all can be followed.
  for (const start of work) {
    for (let pc = start; !instructions.has(pc) && instructions.size < limit;) {
      if (!isInPages(pc)) break;
      const i = code.decoded(pc) ?? isa.decode(code.bytes, pc);
      if (i === undefined || !isInPages(i.next - 1)) break;
      const flow = isa.flowOf(i);
      if (flow === "stop") break;
      instructions.set(pc, i);
      sizeBytes += i.next - pc;
      search.follow(i, pc === start);
      const target = isa.targetOf(i);
      if (target !== undefined && (flow === "branch" || flow === "jump")) {
        if (flow === "branch" || !code.isEntry(target) || isSmall(target)) lead(target);
        else isWhole = false;
      }
      if (flow === "jumpTo") {
        const table = search.find(code, tables);
        if (table !== undefined) {
          tables.set(table.load, table);
          waysOf(table, new Set(code.jumpTargetsOf(pc))).forEach((to) => lead(to));
        } else {
          for (const to of code.jumpTargetsOf(pc)) {
            if (code.isEntry(to)) continue;
            jumpTargets.add(to);
            lead(to);
          }
        }
      }
      if (flow === "jump" || flow === "jumpTo" || flow === "ret") break;
      const isLast = isa.isSlow(i) && !(isa.isChained(i) && isChainedAt(code, i.next));
      if (flow !== undefined || isLast) {
        lead(i.next, flow === undefined);
        break;
      }
      pc = i.next;
      if (leaders.has(pc)) break;
      if (isElsewhere(pc)) {
        isWhole = false;
        break;
      }
    }
  }
  const leaves = !isWhole || instructions.size >= limit || [...leaders].some((pc) => !instructions.has(pc));
  const switches = [...instructions.values()].some((i) => isa.switchesStacks(i));
  return { leaders, instructions, jumpTargets, leaves, switches, pages, sizeBytes };
}

/** A function, as far as it is small enough to be built into others. */
export function smallFunctionAt(entry: number, code: Code): Found {
  const known = code.functions.get(entry);
  if (known !== undefined) return known;
  const found = follow(entry, code, MAX_INLINED + 1);
  code.functions.set(entry, found);
  return found;
}

/** Where a jump goes: to what its table has, or where nobody knows how long that is, to what it has gone to so far. */
const waysOf = ({ targets, isBounded }: JumpTable, seen: ReadonlySet<number>): readonly number[] =>
  isBounded || seen.size === 0 ? targets : targets.filter((to) => seen.has(to));

function isChainedAt({ isa, bytes }: Code, pc: number): boolean {
  const i = isa.decode(bytes, pc);
  return i !== undefined && isa.isChained(i);
}
