// What the interpreter saw of calls: where indirect ones went, which translated code compares with, and what was called
// at all, which is worth translating for a later run.

/** An indirect call is compared with so many targets. */
const MAX_TARGETS = 8;
const MAX_ROOTS = 10_000;
/** The opcode of CALL rel32. */
const CALL = 0xe8;

export class CallProfile {
  /** Where the guest began, and what was called without being translated. */
  readonly roots = new Set<number>();
  readonly #targets = new Map<number, number[]>();
  readonly #bytes: Uint8Array;

  /** `bytes` has the guest's instructions. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The instruction of address `site`, at `place` among the bytes, has led to `target`. */
  jumped(place: number, site: number, target: number, isTranslated: boolean): void {
    const isIndirect = this.#isIndirectCall(place);
    if (isIndirect) this.#remember(site, target);
    if (!isTranslated && (isIndirect || this.#bytes[place] === CALL)) this.addRoot(target);
  }

  addRoot(pc: number): void {
    if (this.roots.size < MAX_ROOTS) this.roots.add(pc);
  }

  targetsOf(site: number): readonly number[] {
    return this.#targets.get(site) ?? [];
  }

  /** CALL through a register or memory: FF /2, with or without a REX prefix. */
  #isIndirectCall(place: number): boolean {
    const rex = ((this.#bytes[place] ?? 0) & 0xf0) === 0x40 ? 1 : 0;
    return this.#bytes[place + rex] === 0xff && ((this.#bytes[place + rex + 1] ?? 0) & 0x38) === 0x10;
  }

  #remember(site: number, target: number): void {
    const known = this.#targets.get(site);
    if (known === undefined) this.#targets.set(site, [target]);
    else if (known.length < MAX_TARGETS && !known.includes(target)) known.push(target);
  }
}
