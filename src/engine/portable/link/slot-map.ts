// The table's slots by guest address: of units, and of addresses that are called but not translated.
export class SlotMap {
  readonly #slots = new Map<number, number>();
  readonly #first: number;

  /** `first`: the first slot that units have. */
  constructor(first: number) {
    this.#first = first;
  }

  /** The first slot that nobody has. */
  get end(): number {
    return this.#first + this.#slots.size;
  }

  /** The slot that is kept for the unit at an address, whether there is one or not. */
  of(pc: number): number {
    let slot = this.#slots.get(pc);
    if (slot === undefined) this.#slots.set(pc, (slot = this.end));
    return slot;
  }

  /** The slot of an address that has one, or 0. */
  find(pc: number): number {
    return this.#slots.get(pc) ?? 0;
  }

  /** In the order of their slots, from the `from`th on. */
  addresses(from = 0): number[] {
    return [...this.#slots.keys()].slice(from);
  }
}
