// FNV-1a over 64-bit words, as harness.c has it.
const prime = 0x100000001b3n;

export class Hash {
  #state = 0xcbf29ce484222325n;

  word(value: bigint): void {
    this.#state = BigInt.asUintN(64, (this.#state ^ BigInt.asUintN(64, value)) * prime);
  }

  toString(): string {
    return this.#state.toString(16).padStart(16, "0");
  }
}
