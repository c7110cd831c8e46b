// Finds a unit: a function from its entry, with small functions that it calls directly built into it, and its blocks.
// A call that is built in still pushes its return address, and its return compares: the guest sees no difference.
import type { MemoryShape } from "../ir/access.js";
import { type Block, successorsOf } from "../ir/block.js";
import type { JumpTable, KnownLoad } from "../guest-isa.js";
import { type Code, follow, type Found, MAX_INLINED, smallFunctionAt } from "./follow.js";
import { type Connected, dispatch } from "./dispatch.js";
import { jumpDispatch } from "./jump-dispatch.js";
import { cutToLoop } from "./loops.js";
import { cutToUnit } from "./region-unit.js";
import { has } from "../ir/slot-set.js";
import { checksStackAtEntry } from "../link/protocol.js";
import { elideStackChecks, type Frame, stackOffsets, tailBlocks } from "./stack-frame.js";
import { type CallTo, going, goingOn, leaving, toSlot } from "./stub.js";
import { unroll } from "./unroll.js";

export interface Unit {
  readonly entry: number;
  /** Other addresses where it is entered: those that its indirect jumps go to. It finds in `words.elsewhere` which one. */
  readonly aliases: readonly number[];
  /** The entry's block first. */
  readonly blocks: readonly Block[];
  /** Edges by block index; a `select`'s are its targets without repetition, then the way for all else. */
  readonly graph: readonly (readonly number[])[];
  /** Addresses of its own blocks. */
  readonly leaders: ReadonlySet<number>;
  /** Addresses where it leaves for what had not run, and its indirect jumps. */
  readonly leaves: ReadonlySet<number>;
  readonly jumps: readonly number[];
  /** Addresses called directly. */
  readonly calls: ReadonlySet<number>;
  readonly instructions: number;
  /** It is a loop of a function that has much more. */
  readonly isLoop: boolean;
  /** It has as much of its function as a unit may. */
  readonly isFull: boolean;
  /** Bytes of guest code, what is built in not counted. */
  readonly sizeBytes: number;
  /** The stack pointer at the start of each block less that at the entry, where that is known. */
  readonly stackOffsets: readonly (number | undefined)[];
  /** What it relies on around the stack pointer at the entry. */
  readonly frame: Frame;
  /** Blocks that may leave the unit by a tail call. */
  readonly tails: ReadonlySet<number>;
  readonly shape: MemoryShape;
  /** Pages of guest memory that its code lies in. */
  readonly pages: ReadonlySet<number>;
}

/** Small functions are built into their callers as long as those do not grow beyond so many instructions, */
const MAX_GROWN = 400;
/** and so deep; a function into itself less deep. */
const MAX_DEPTH = 4;
const MAX_RECURSION = 2;

/** A unit with indirect jumps to so many places is entered at each of them. */
const LEAST_ALIASES = 3;

/** The rest of an indirect call is compared with the other targets where they are no more than these. */
const MOST_LIKELY = 4;

/** A function as part of a unit: the unit's own, or one that is built in at a call. */
interface Place {
  readonly entry: number;
  readonly found: Found;
  /** Where its return goes on. */
  readonly caller: { readonly place: Place; readonly next: number } | undefined;
  readonly depth: number;
  /** Its blocks by address, and by address and target where they are the code for one entry of a jump table. */
  readonly indices: Map<number | string, number>;
}

/** A block that is to be built, or that stands for no instruction and is made already. */
interface Start {
  readonly place: Place;
  readonly pc: number;
  readonly known?: KnownLoad | undefined;
  readonly made?: Connected;
}

/** A unit of which the instructions are known: enough to see what would be in it. */
export class Discovery {
  readonly #code: Code;
  /** The unit's own function, or the part of it that it has. */
  readonly #own: Found;
  readonly #root: Place;
  readonly #blocks: Block[] = [];
  readonly #starts: Start[] = [];
  readonly #graph: number[][] = [];
  readonly #calls = new Set<number>();
  readonly #leaves = new Set<number>();
  readonly #pages: Set<number>;
  readonly #jumps: readonly number[];
  /** Where its own indirect jumps have gone inside of it. */
  readonly #jumpTargets: readonly number[];
  /** The block that they go to. */
  #dispatched: number | undefined;
  /** What is built in counted. */
  #instructions: number;
  readonly #isLoop: boolean;
  readonly #isFull: boolean;
  readonly #most: number | undefined;

  /** `most`: instructions of a unit. */
  constructor(entry: number, code: Code, most?: number) {
    this.#code = code;
    this.#most = most;
    const whole = follow(entry, code);
    const found = cutToUnit(entry, whole, code, most);
    this.#isFull = found !== whole;
    const own = code.isEntry(entry) ? found : cutToLoop(entry, found, code);
    this.#isLoop = own !== found;
    this.#own = own;
    this.#root = { entry, found: own, caller: undefined, depth: 0, indices: new Map() };
    this.#pages = new Set(own.pages);
    this.#instructions = own.instructions.size;
    this.#jumps = [...own.instructions.values()].flatMap((i) =>
      code.isa.flowOf(i) === "jumpTo" ? [i.pc] : [],
    );
    this.#jumpTargets = [...own.jumpTargets].filter((pc) => own.instructions.has(pc));
  }

  /** Whether a block begins at an address. */
  has(pc: number): boolean {
    return this.#own.leaders.has(pc) && this.#own.instructions.has(pc);
  }

  /** `isCareful`: every access near the stack pointer is checked by itself; such a unit has one entry. */
  unit(isCareful = false, mayHaveAliases = !isCareful): Unit {
    const [own, code, blocks, graph] = [this.#own, this.#code, this.#blocks, this.#graph];
    const { entry } = this.#root;
    const hasAliases = mayHaveAliases && this.#jumpTargets.length >= LEAST_ALIASES;
    if (hasAliases) this.#beginAtTarget();
    else this.#indexOf(this.#root, entry);
    for (let index = 0; index < this.#starts.length; index++) {
      const { block, edges } = this.#connected(index);
      blocks.push(block);
      graph.push(edges);
    }
    this.#unroll();
    const offsets = stackOffsets(blocks, graph, code.isa.pushedByCall);
    // Where the stack pointer is another at the jumps than at the entry, nothing would be known of it.
    if (hasAliases && offsets[this.#dispatched ?? 0] !== 0)
      return new Discovery(entry, code, this.#most).unit(isCareful, false);
    return {
      entry,
      aliases: hasAliases ? this.#jumpTargets.filter((pc) => pc !== entry) : [],
      blocks,
      graph,
      leaders: own.leaders,
      leaves: this.#leaves,
      jumps: this.#jumps,
      calls: this.#calls,
      instructions: own.instructions.size,
      isLoop: this.#isLoop,
      isFull: this.#isFull,
      sizeBytes: own.sizeBytes,
      stackOffsets: offsets,
      frame:
        checksStackAtEntry(code.shape) && !isCareful
          ? elideStackChecks(blocks, offsets)
          : { below: 0, above: 0 },
      tails: tailBlocks(blocks, offsets),
      shape: code.shape,
      pages: this.#pages,
    };
  }

  #startAt(index: number): Start {
    return this.#starts[index] ?? { place: this.#root, pc: this.#root.entry };
  }

  #add(start: Start): number {
    return this.#starts.push(start) - 1;
  }

  #indexOf(place: Place, pc: number, known?: KnownLoad): number {
    const key = known === undefined ? pc : `${pc} ${known.value}`;
    let index = place.indices.get(key);
    if (index === undefined) {
      index = this.#add({ place, pc, known });
      place.indices.set(key, index);
    }
    return index;
  }

  /** A block, and the indices of those that it leads to. */
  #connected(index: number): Connected {
    const { place, pc, known, made } = this.#startAt(index);
    if (made !== undefined) return made;
    if (!place.found.instructions.has(pc)) {
      this.#leaves.add(pc);
      return this.#connect(leaving(this.#code.isa.registers, pc, !this.#code.hasRun(pc)), place);
    }
    const { block, table } = build(pc, place, this.#code, known);
    if (table !== undefined) return { block, edges: this.#tableEdges(table, place) };
    return block.end.kind === "callTo"
      ? this.#compared(block, block.end, place)
      : this.#connect(block, place);
  }

  #connect(block: Block, place: Place): Connected {
    const { end } = block;
    if (end.kind === "jumpTo" && place === this.#root && this.#jumpTargets.length > 0)
      return { block: toSlot(this.#code.isa.registers, block, end.target), edges: [this.#dispatchBlock()] };
    if (end.kind === "call") {
      const callee = this.#inlined(end.target, end.next, place);
      if (callee !== undefined) {
        const jump = { kind: "jump", target: end.target } as const;
        return { block: { ...block, end: jump }, edges: [this.#indexOf(callee, end.target)] };
      }
      this.#calls.add(end.target);
    }
    const to = end.kind === "return" && place.caller !== undefined ? place.caller.place : place;
    return { block, edges: successorsOf(end).map((pc) => this.#indexOf(to, pc)) };
  }

  /** The function that a call goes to, where it is to be built in. */
  #inlined(target: number, next: number, caller: Place): Place | undefined {
    const code = this.#code;
    if (caller.depth >= MAX_DEPTH || !code.isExecutable(target) || !code.hasRun(target)) return undefined;
    let recursion = 0;
    for (let at: Place | undefined = caller; at !== undefined; at = at.caller?.place) {
      if (at.entry === target) recursion++;
    }
    const found = smallFunctionAt(target, code);
    const size = found.instructions.size;
    const most = Math.max(MAX_GROWN, this.#own.instructions.size);
    const isSmall = size <= MAX_INLINED && this.#instructions + size <= most;
    if (recursion > MAX_RECURSION || found.leaves || found.switches || !isSmall) return undefined;
    this.#instructions += size;
    for (const page of found.pages) this.#pages.add(page);
    return {
      entry: target,
      found,
      caller: { place: caller, next },
      depth: caller.depth + 1,
      indices: new Map(),
    };
  }

  /** An indirect call, compared with targets that are built in, before the general way. */
  #compared(block: Block, call: CallTo, place: Place): Connected {
    const others: number[] = [];
    const callees = this.#code.targetsOf(call.pc).flatMap((target) => {
      const callee = this.#inlined(target, call.next, place);
      if (callee === undefined) others.push(target);
      return callee === undefined ? [] : [{ target, index: this.#indexOf(callee, target) }];
    });
    const end = others.length > MOST_LIKELY ? call : { ...call, likely: others };
    for (const target of end.likely ?? []) this.#calls.add(target);
    if (callees.length === 0) return this.#connect({ ...block, end }, place);
    const edges = successorsOf(end).map((pc) => this.#indexOf(place, pc));
    const file = this.#code.isa.registers;
    const rest = this.#add({ place, pc: end.pc, made: { block: goingOn(file, end), edges } });
    return dispatch(file, block, end, callees, rest, (made) => this.#add({ place, pc: end.pc, made }));
  }

  /** The entry's block goes where the unit is entered, as an indirect jump does. */
  #beginAtTarget(): void {
    const { entry } = this.#root;
    const edges: number[] = [];
    const block = going(this.#code.isa.registers, entry);
    this.#add({ place: this.#root, pc: entry, made: { block, edges } });
    edges.push(this.#dispatchBlock([entry]));
  }

  /** The block that the unit's own indirect jumps go to, where they have been somewhere in it. */
  #dispatchBlock(entries: readonly number[] = []): number {
    const { entry } = this.#root;
    return (this.#dispatched ??= jumpDispatch(
      this.#code.isa.registers,
      this.#jumps[0] ?? entry,
      [...new Set([...entries, ...this.#jumpTargets])].map((pc) => ({
        pc,
        index: this.#indexOf(this.#root, pc),
      })),
      (made) => this.#add({ place: this.#root, pc: entry, made }),
    ));
  }

  /** Where a jump by a table goes: the code for each entry, and the general way. */
  #tableEdges({ load, targets, entries, base, at, label }: JumpTable, place: Place): number[] {
    const edges = knownTargets(targets, place.found).map((target) => {
      const value = entries[targets.indexOf(target)] ?? 0;
      return this.#indexOf(place, load, { pc: load, value, base, at, label });
    });
    return [...edges, this.#add({ place, pc: load, known: unknown })];
  }

  #unroll(): void {
    const blocks = this.#blocks;
    const { target } = this.#code.isa.registers;
    const copies = unroll(this.#graph, (index) =>
      isCopied(blocks[index], this.#starts[index], target) ? (blocks[index]?.instructions ?? 0) : Infinity,
    );
    for (const { of, edges } of copies) {
      const { place, pc } = this.#startAt(of);
      const { block } = build(pc, place, this.#code);
      const { end = block.end } = blocks[of] ?? {};
      // A call that is built in is a jump in every copy.
      blocks.push(end.kind === "jump" ? { ...block, end } : block);
      this.#graph.push(edges);
    }
  }
}

/** Blocks that are built from their address alone, and end the same way each time. */
const isCopied = (block: Block | undefined, start: Start | undefined, target: number): boolean =>
  block !== undefined &&
  start?.made === undefined &&
  start?.known === undefined &&
  !has(block.writes, target) &&
  (block.end.kind === "jump" || block.end.kind === "branch" || block.end.kind === "return");

/** A jump by a table with fewer that go to the unit is like any other. */
const LEAST_TARGETS = 2;

/** Where a jump by a table goes inside of the unit, each once; elsewhere it goes the general way. */
const knownTargets = (targets: readonly number[], { instructions }: Found): number[] =>
  [...new Set(targets)].filter((target) => instructions.has(target));

/** For the general way of a jump by a table: no load is known. */
const unknown: KnownLoad = { pc: -1, value: 0, base: -1, at: 0 };

/** A block, and the table by which it ends where an instruction reads one. */
function build(
  pc: number,
  { found, caller }: Place,
  { isa, shape, exact, tables, looksUp }: Code,
  known?: KnownLoad,
): { block: Block; table: JumpTable | undefined } {
  const { leaders, instructions } = found;
  const lifter = isa.newLifter(pc, { shape, exact, known, looksUp, returnsTo: caller?.next });
  for (let at = pc; ;) {
    const table = known === undefined ? tables.get(at) : undefined;
    const targets = table === undefined ? [] : knownTargets(table.targets, found);
    if (table !== undefined && targets.length >= LEAST_TARGETS) {
      lifter.selectBy(table, targets);
      return { block: lifter.finish(at), table };
    }
    const i = instructions.get(at);
    const goesOn = i !== undefined && lifter.instruction(i);
    at = i?.next ?? at;
    if (!goesOn || leaders.has(at)) return { block: lifter.finish(at), table: undefined };
  }
}
