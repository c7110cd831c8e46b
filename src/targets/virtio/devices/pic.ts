// The two cascaded interrupt controllers of a PC. Source: Intel 8259A data sheet; lines 10 and 11, which PCI uses, are
// level triggered as firmware sets them up (ELCR).
import { stateIn, stateOfParts } from "../../../bytes/plain.js";
import type { InterruptLine, PortDevice } from "./ports.js";

const cascade = 2;
const levelLines = (1 << 10) | (1 << 11);
const isEndOfInterrupt = 0x20;
const isInitialisation = 0x10;
const isCommandWord3 = 0x08;

/** One chip, whose fields are all it knows. Requests of level lines last as long as the line is high. */
class Chip {
  /** Masked lines; as SeaBIOS leaves them unless set up anew. */
  mask: number;
  vectorBase: number;
  /** Lines that are high. */
  high = 0;
  inService = 0;
  readonly levels: number;
  edges = 0;
  /** The initialisation word that comes next, 0 for none. */
  step = 0;
  readsInService = false;

  constructor(vectorBase: number, mask: number, levels: number) {
    this.vectorBase = vectorBase;
    this.mask = mask;
    this.levels = levels;
  }

  setLine(line: number, high: boolean): void {
    const bit = 1 << line;
    if (high && (this.high & bit) === 0) this.edges |= bit;
    // A line has to stay high until its interrupt is taken.
    if (!high) this.edges &= ~bit;
    this.high = high ? this.high | bit : this.high & ~bit;
  }

  get requests(): number {
    return (this.edges & ~this.levels) | (this.high & this.levels);
  }

  /** The line to interrupt with: the lowest requested one that no more important one in service holds back. */
  get pending(): number | undefined {
    const wanted = this.requests & ~this.mask;
    const line = lowest(wanted);
    return line !== undefined && line < (lowest(this.inService) ?? 8) ? line : undefined;
  }

  acknowledge(line: number): number {
    this.inService |= 1 << line;
    this.edges &= ~(1 << line);
    return this.vectorBase + line;
  }

  command(value: number): void {
    if ((value & isInitialisation) !== 0) {
      this.step = 2;
      this.mask = this.inService = this.edges = 0;
      this.readsInService = false;
    } else if ((value & isCommandWord3) !== 0) {
      if ((value & 2) !== 0) this.readsInService = (value & 1) !== 0;
    } else if ((value & isEndOfInterrupt) !== 0) {
      const line = (value & 0x40) !== 0 ? value & 7 : lowest(this.inService);
      if (line !== undefined) this.inService &= ~(1 << line);
    }
  }

  data(value: number): void {
    if (this.step === 0) {
      this.mask = value;
      return;
    }
    if (this.step === 2) this.vectorBase = value & 0xf8;
    this.step = this.step === 4 ? 0 : this.step + 1;
  }

  get status(): number {
    return this.readsInService ? this.inService : this.requests;
  }
}

const lowest = (bits: number): number | undefined => (bits === 0 ? undefined : 31 - Math.clz32(bits & -bits));

export interface Pic extends PortDevice {
  line(irq: number): InterruptLine;
  readonly isPending: boolean;
  /** What the CPU asks when it takes the interrupt: the vector. */
  acknowledge(): number;
}

export function createPic(): Pic {
  const master = new Chip(0x08, 0xb8, 0);
  const slave = new Chip(0x70, 0x8f, levelLines >> 8);
  const update = (): void => master.setLine(cascade, slave.pending !== undefined);
  const chipAt = (port: number): Chip => (port < 0xa0 ? master : slave);
  return {
    ports: [
      [0x20, 0x21],
      [0xa0, 0xa1],
    ],
    in: (port) => ((port & 1) === 0 ? chipAt(port).status : chipAt(port).mask),
    out(port, value) {
      if ((port & 1) === 0) chipAt(port).command(value & 0xff);
      else chipAt(port).data(value & 0xff);
      // A request that was held back counts as a new edge.
      master.setLine(cascade, false);
      update();
    },
    stateful: stateOfParts({ master: stateIn(master), slave: stateIn(slave) }),
    line: (irq) => ({
      set(high) {
        if (irq < 8) master.setLine(irq, high);
        else slave.setLine(irq - 8, high);
        update();
      },
    }),
    get isPending() {
      return master.pending !== undefined;
    },
    acknowledge() {
      const line = master.pending;
      // A request that went away meanwhile is the lowest line's, spuriously and never in service.
      if (line === undefined) return master.vectorBase + 7;
      const vector = master.acknowledge(line);
      if (line !== cascade) return vector;
      const slaveLine = slave.pending;
      const slaveVector = slaveLine === undefined ? slave.vectorBase + 7 : slave.acknowledge(slaveLine);
      master.setLine(cascade, false);
      update();
      return slaveVector;
    },
  };
}
