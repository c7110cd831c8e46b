// Where functions return to whose callers wait, and for how many: there the first tier stops.
export class Awaited {
  readonly #counts = new Map<number, number>();
  readonly #changed: (pc: number, isAwaited: boolean) => void;

  /** `changed` is told where somebody waits now, and where nobody does any more. */
  constructor(changed: (pc: number, isAwaited: boolean) => void) {
    this.#changed = changed;
  }

  has(pc: number): boolean {
    return this.#counts.has(pc);
  }

  get all(): Iterable<number> {
    return this.#counts.keys();
  }

  begin(pc: number): void {
    const count = this.#counts.get(pc) ?? 0;
    this.#counts.set(pc, count + 1);
    if (count === 0) this.#changed(pc, true);
  }

  end(pc: number): void {
    const count = (this.#counts.get(pc) ?? 0) - 1;
    if (count > 0) return void this.#counts.set(pc, count);
    this.#counts.delete(pc);
    this.#changed(pc, false);
  }
}
