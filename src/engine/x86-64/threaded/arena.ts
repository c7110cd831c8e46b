// The arena as arrays: heads and records by address, and the table of heads.
import {
  type EndKind,
  ends,
  entryOf,
  FIRST,
  head as headOffset,
  INVALID,
  NEXT_STUB,
  record as recordOffset,
  recordFlags,
  RECORD,
  STUB,
  table,
} from "./layout.js";

export class Arena {
  readonly i32: Int32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly #size: number;
  #top: number = FIRST;
  readonly #entries = new Set<number>();

  constructor(buffer: ArrayBufferLike, start: number, size: number) {
    this.i32 = new Int32Array(buffer, start, size / 4);
    this.u16 = new Uint16Array(buffer, start, size / 2);
    this.u8 = new Uint8Array(buffer, start, size);
    this.f64 = new Float64Array(buffer, start, size / 8);
    this.i64 = new BigInt64Array(buffer, start, size / 8);
    this.#size = size;
    for (const stub of [STUB, NEXT_STUB]) {
      this.i32[(stub + headOffset.count) >> 2] = INVALID;
      this.i32[(stub + headOffset.countdown) >> 2] = 1;
      this.i64[(stub + headOffset.key) >> 3] = -1n;
    }
  }

  /** Bytes in use. */
  get used(): number {
    return this.#top - FIRST;
  }

  /** Room for a head and so many records, or 0. */
  reserve(records: number): number {
    const at = this.#top;
    const end = at + (records + 1) * RECORD;
    if (end > this.#size) return 0;
    this.#top = end;
    return at;
  }

  /** Takes the bytes of another arena, from `FIRST` on, and its entries of the table; false where they do not fit. */
  fill(image: Uint8Array, entries: Uint32Array): boolean {
    if (FIRST + image.length > this.#size) return false;
    this.clear();
    this.u8.set(image, FIRST);
    this.#top = FIRST + image.length;
    for (let index = 0; index + 2 < entries.length; index += 3) {
      const entry = entries[index] ?? 0;
      this.#entries.add(entry);
      this.setWord(entry, entries[index + 1] ?? 0);
      this.setWord(entry + 4, entries[index + 2] ?? 0);
    }
    return true;
  }

  /** Entries of the table in use, three words each: where it is, and its two heads. */
  entries(): number[] {
    return [...this.#entries].flatMap((entry) => [entry, this.word(entry), this.word(entry + 4)]);
  }

  /** Begins anew. */
  clear(): void {
    this.#top = FIRST;
    for (const entry of this.#entries) this.i32.fill(0, entry >> 2, (entry + table.entrySize) >> 2);
    this.#entries.clear();
  }

  count(head: number): number {
    return this.i32[(head + headOffset.count) >> 2] ?? 0;
  }
  isValid(head: number): boolean {
    return head >= FIRST && this.count(head) !== INVALID;
  }
  /** The address of a head or a record. */
  pc(at: number): number {
    return this.f64[(at + recordOffset.pc) >> 3] ?? 0;
  }
  rest(record: number): number {
    return this.u16[(record + recordOffset.rest) >> 1] ?? 0;
  }
  length(record: number): number {
    return this.u8[record + recordOffset.length] ?? 0;
  }
  headOf(record: number): number {
    return this.i32[(record + recordOffset.head) >> 2] ?? 0;
  }
  /** How a record leads to heads. */
  end(record: number): EndKind {
    return ends[Math.floor((this.u8[record + recordOffset.flags] ?? 0) / recordFlags.end)] ?? "none";
  }
  hasFlag(record: number, flag: number): boolean {
    return ((this.u8[record + recordOffset.flags] ?? 0) & flag) !== 0;
  }
  setFlag(record: number, flag: number, on: boolean): void {
    const flags = this.u8[record + recordOffset.flags] ?? 0;
    this.u8[record + recordOffset.flags] = on ? flags | flag : flags & ~flag;
  }
  word(at: number): number {
    return this.i32[at >> 2] ?? 0;
  }
  setWord(at: number, value: number): void {
    this.i32[at >> 2] = value;
  }

  /** Lets indirect jumps find a head. */
  enter(head: number): void {
    const entry = entryOf(this.pc(head) | 0);
    this.#entries.add(entry);
    const [first, second] = [this.word(entry), this.word(entry + 4)];
    if (first === head) return;
    if (first !== 0 && this.pc(first) !== this.pc(head)) this.setWord(entry + 4, first);
    else if (this.pc(second) === this.pc(head)) this.setWord(entry + 4, 0);
    this.setWord(entry, head);
  }
}
