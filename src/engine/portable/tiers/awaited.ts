// Where functions return to whose callers wait, and for how many: there the first tier stops.
import type { Mmu } from "../../x86-64/mmu.js";

export class Awaited {
  readonly #mmu: Mmu;
  readonly #view: DataView;
  readonly #counts = new Map<number, number>();
  readonly #changed: (pc: number, isAwaited: boolean) => void;

  /** `changed` is told where somebody waits now, and where nobody does any more. */
  constructor(mmu: Mmu, changed: (pc: number, isAwaited: boolean) => void) {
    this.#mmu = mmu;
    this.#view = new DataView(mmu.bytes.buffer, mmu.bytes.byteOffset, mmu.bytes.length);
    this.#changed = changed;
  }

  has(pc: number): boolean {
    return this.#counts.has(pc);
  }

  /** A caller waits whose return address is at an address; gives it. */
  begin(above: number): number {
    const { bytes, base } = this.#mmu;
    const place = base + above;
    const pc = place >= base && place + 4 <= bytes.length ? this.#view.getUint32(place, true) : 0;
    const count = this.#counts.get(pc) ?? 0;
    this.#counts.set(pc, count + 1);
    if (count === 0) this.#changed(pc, true);
    return pc;
  }

  end(pc: number): void {
    const count = (this.#counts.get(pc) ?? 0) - 1;
    if (count > 0) return void this.#counts.set(pc, count);
    this.#counts.delete(pc);
    this.#changed(pc, false);
  }
}
