// What does an instruction in the interpreter: its row's semantics, or code for the state itself; around it what MXCSR, privilege and
// the x87 ask for.
import type { Instruction } from "../../isa/x86-64/instruction.js";
import type { Step } from "./code-cache.js";
import { generalProtection } from "./fault.js";
import { withExceptions } from "./float-exceptions.js";
import type { Machine } from "./machine.js";
import { slowInstructions } from "./slow/index.js";
import { withShortcut, type X87Function } from "./x87/shortcut.js";

/** ROUNDSD and its kin name a mode in their immediate, unless its bit 2 asks for MXCSR's. */
function roundsItself({ row, operands }: Instruction): boolean {
  const imm = operands[2];
  return row.mnemonic.startsWith("ROUND") && imm?.kind === "immediate" && (imm.low & 4) === 0;
}

const withOwnRounding =
  (run: Step["execute"]): Step["execute"] =>
  (e, i) => {
    e.slots.roundsItself = true;
    try {
      run(e, i);
    } finally {
      e.slots.roundsItself = false;
    }
  };

/** What exceptions of floating point are kept for: see `withExceptions`. */
type Host = Machine & Parameters<typeof withExceptions>[1];

export class Executors {
  readonly #machine: Host;
  readonly #x87: X87Function;
  readonly #slow = new Map<string, Step["execute"]>();

  constructor(machine: Host, x87: X87Function) {
    this.#machine = machine;
    this.#x87 = x87;
  }

  of(i: Instruction): Step["execute"] {
    const machine = this.#machine;
    const { mnemonic, traits } = i.row;
    const { run } = traits;
    if (traits.mxcsr === true) {
      const plain = run ?? this.#slowExecutor(i);
      const execute = roundsItself(i) ? withOwnRounding(plain) : plain;
      return withExceptions(mnemonic, machine, execute);
    }
    if (run !== undefined) return run;
    return withShortcut(machine, this.#x87, i, this.#slowExecutor(i));
  }

  #slowExecutor(i: Instruction): Step["execute"] {
    const { mnemonic, traits } = i.row;
    const machine = this.#machine;
    let execute = this.#slow.get(mnemonic);
    if (execute === undefined) {
      const slow = slowInstructions[mnemonic];
      if (slow === undefined) throw new RangeError(`nothing implements ${mnemonic}`);
      execute = traits.privileged
        ? (_e, i) => {
            if (machine.cpu.cpl !== 0) throw generalProtection(`${mnemonic} is privileged`);
            slow(machine, i);
          }
        : (_e, i) => slow(machine, i);
      this.#slow.set(mnemonic, execute);
    }
    return execute;
  }
}
