// Channel 0 of the interval timer, on line 0: modes 0, 2, 3 and 4 as their counts and edges can be seen. Source: Intel
// 8254 data sheet.
import type { InterruptLine, PortDevice } from "./ports.js";

const counterPort = 0x40;
const commandPort = 0x43;
const frequency = 1_193_182n;
const nsecPerSec = 1_000_000_000n;
const maxCount = 0x10000n;

const toTicks = (nsecs: bigint): bigint => (nsecs * frequency) / nsecPerSec;
/** Rounded up: the edge has come by then. */
const toNsecs = (ticks: bigint): bigint => (ticks * nsecPerSec + frequency - 1n) / frequency;

export interface Pit extends PortDevice {
  /** When the next interrupt comes, by the clock; undefined where none does. */
  readonly due: bigint | undefined;
  /** Raises what is due. */
  poll(): void;
}

/** `now` in nanoseconds. As firmware leaves it the timer has mode 2 and its longest period. */
export function createPit(now: () => bigint, line: InterruptLine): Pit {
  let mode = 2;
  /** How a count is read and written: 1 its low byte, 2 its high one, 3 both. */
  let access = 3;
  let count = maxCount;
  let start = now();
  let due: bigint | undefined;
  let latched: number | undefined;
  let readsHigh = false;
  let low: number | undefined;

  const isPeriodic = (): boolean => mode === 2 || mode === 3;
  const load = (value: number): void => {
    count = value === 0 ? maxCount : BigInt(value);
    start = now();
    // A one-shot interrupts one tick after its count has ended.
    due = start + toNsecs(isPeriodic() ? count : count + 1n);
  };
  const current = (): number => {
    const ticks = toTicks(now() - start);
    const left = isPeriodic() ? count - (ticks % count) : count - ticks;
    return Number(left & 0xffffn);
  };
  due = start + toNsecs(count);

  return {
    ports: [
      [counterPort, counterPort],
      [commandPort, commandPort],
    ],
    get due() {
      return due;
    },
    poll() {
      if (due === undefined || now() < due) return;
      line.set(false);
      line.set(true);
      // Periods that nobody saw are one interrupt.
      due = isPeriodic() ? start + toNsecs((toTicks(now() - start) / count + 1n) * count) : undefined;
    },
    in(port) {
      if (port === commandPort) return 0;
      const value = latched ?? current();
      const high = access === 2 || (access === 3 && readsHigh);
      if (access === 3) readsHigh = !readsHigh;
      if (access !== 3 || high) latched = undefined;
      return high ? value >> 8 : value & 0xff;
    },
    out(port, value) {
      if (port === counterPort) {
        if (access === 1) load(value);
        else if (access === 2) load(value << 8);
        else if (low === undefined) low = value;
        else {
          load(low | (value << 8));
          low = undefined;
        }
        return;
      }
      const channel = value >> 6;
      if (channel !== 0) return;
      const wanted = (value >> 4) & 3;
      if (wanted === 0) {
        latched ??= current();
        return;
      }
      access = wanted;
      mode = (value >> 1) & 7;
      if (mode > 5) mode -= 4;
      readsHigh = false;
      low = latched = due = undefined;
    },
  };
}
