// Decoded instructions by address, forgotten when their bytes or the guest's mappings change.
import { pageSize } from "../../bytes/align.js";
import { decode, MAX_LENGTH, type Mode } from "../../isa/x86-64/decoder.js";
import type { Instruction } from "../../isa/x86-64/instruction.js";
import { generalProtection, undefinedOpcode } from "./fault.js";
import type { Evaluator } from "./evaluator.js";
import type { Mmu } from "./mmu.js";

/** A decoded instruction and what does it. */
export interface Step {
  readonly instruction: Instruction;
  readonly execute: (e: Evaluator, i: Instruction) => void;
}

/** The instructions that begin in one linear page, and the physical pages that their bytes are in. */
interface CodePage {
  readonly steps: (Step | undefined)[];
  readonly physical: Set<number>;
}

const NO_PAGE: CodePage = { steps: [], physical: new Set() };

export class CodeCache {
  readonly #pages = new Map<number, CodePage>();
  readonly #mmu: Mmu;
  #version: number;
  #current = NO_PAGE;
  #currentStart = Number.NaN;
  readonly #bytes = new Uint8Array(MAX_LENGTH);

  constructor(mmu: Mmu) {
    this.#mmu = mmu;
    this.#version = mmu.version;
    mmu.onCodeWritten = (page) => this.#drop(page);
  }

  /** The cached step at an address. */
  at(pc: number): Step | undefined {
    const start = pc - (pc & (pageSize - 1));
    if (start !== this.#currentStart || this.#version !== this.#mmu.version) this.#enter(start);
    return this.#current.steps[pc & (pageSize - 1)];
  }

  /** The same without making the page current. */
  peek(pc: number): Step | undefined {
    const offset = pc & (pageSize - 1);
    return this.#version === this.#mmu.version ? this.#pages.get(pc - offset)?.steps[offset] : undefined;
  }

  /** Keeps a step for the instruction just fetched at `pc` by `fetch`. */
  keep(pc: number, step: Step): void {
    this.at(pc);
    this.#current.steps[pc & (pageSize - 1)] = step;
  }

  forget(pc: number): void {
    this.at(pc);
    this.#current.steps[pc & (pageSize - 1)] = undefined;
  }

  #enter(start: number): void {
    if (this.#version !== this.#mmu.version) {
      this.#pages.clear();
      this.#version = this.#mmu.version;
    }
    let page = this.#pages.get(start);
    if (page === undefined) this.#pages.set(start, (page = { steps: [], physical: new Set() }));
    this.#current = page;
    this.#currentStart = start;
  }

  #drop(physical: number): void {
    for (const [start, page] of this.#pages) {
      if (!page.physical.has(physical)) continue;
      this.#pages.delete(start);
      if (this.#current === page) this.#currentStart = Number.NaN;
    }
  }

  /** Fetches and decodes: #PF where bytes may not be executed, #UD where they are no instruction. */
  fetch(pc: number, mode: Mode): Instruction {
    const { bytes } = this.#mmu;
    const inPage = pageSize - (pc & (pageSize - 1));
    const place = this.#mmu.byteAt(pc, "execute");
    // The decoder reads no further than the longest instruction; a view for each would cost more than decoding.
    this.#hold(pc, place);
    const found =
      inPage >= MAX_LENGTH ? decode(bytes, place, pc, mode) : this.#fetchAcross(pc, mode, inPage, place);
    if (typeof found !== "string") return found;
    if (found === "too long") throw generalProtection(`an instruction of more than ${MAX_LENGTH} bytes`);
    const shown = [...this.#bytes.keys()].map((n) => this.#mmu.peek(pc + n));
    const hex = shown.flatMap((byte) => (byte === undefined ? [] : byte.toString(16).padStart(2, "0")));
    throw undefinedOpcode(`no instruction: ${hex.join(" ")}`);
  }

  #fetchAcross(pc: number, mode: Mode, inPage: number, place: number): ReturnType<typeof decode> {
    this.#bytes.set(this.#mmu.bytes.subarray(place, place + inPage));
    const found = decode(this.#bytes.subarray(0, inPage), 0, pc, mode);
    if (found !== "truncated") return found;
    const next = this.#mmu.byteAt(pc + inPage, "execute");
    this.#bytes.set(this.#mmu.bytes.subarray(next, next + MAX_LENGTH - inPage), inPage);
    this.#hold(pc, next);
    return decode(this.#bytes, 0, pc, mode);
  }

  #hold(pc: number, place: number): void {
    const physical = this.#mmu.holdsCode(place, MAX_LENGTH);
    this.at(pc);
    this.#current.physical.add(physical);
  }
}
