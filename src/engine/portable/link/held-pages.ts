// Pages of guest memory that translated code follows from: whoever keeps memory is told of each before anything from it runs.
export class HeldPages {
  readonly code = new Set<number>();
  /** Those with jump tables. */
  readonly tables = new Set<number>();
  readonly #told: (page: number) => void;

  constructor(told: (page: number) => void) {
    this.#told = told;
  }

  hold(code: Iterable<number>, tables: Iterable<number>): void {
    for (const page of code) this.#add(this.code, page);
    for (const page of tables) this.#add(this.tables, page);
  }

  has(page: number): boolean {
    return this.code.has(page) || this.tables.has(page);
  }

  #add(pages: Set<number>, page: number): void {
    if (!this.has(page)) this.#told(page);
    pages.add(page);
  }
}
