// Channel 0 of the interval timer, on line 0: modes 0, 2, 3 and 4 as their counts and edges can be seen. Source: Intel
// 8254 data sheet.
import { stateIn } from "../../../bytes/plain.js";
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
  const began = now();
  const state = {
    mode: 2,
    /** How a count is read and written: 1 its low byte, 2 its high one, 3 both. */
    access: 3,
    count: maxCount,
    start: began,
    due: (began + toNsecs(maxCount)) as bigint | undefined,
    latched: undefined as number | undefined,
    readsHigh: false,
    low: undefined as number | undefined,
  };

  const isPeriodic = (): boolean => state.mode === 2 || state.mode === 3;
  const load = (value: number): void => {
    state.count = value === 0 ? maxCount : BigInt(value);
    state.start = now();
    // A one-shot interrupts one tick after its count has ended.
    state.due = state.start + toNsecs(isPeriodic() ? state.count : state.count + 1n);
  };
  const current = (): number => {
    const ticks = toTicks(now() - state.start);
    const left = isPeriodic() ? state.count - (ticks % state.count) : state.count - ticks;
    return Number(left & 0xffffn);
  };

  return {
    ports: [
      [counterPort, counterPort],
      [commandPort, commandPort],
    ],
    get due() {
      return state.due;
    },
    poll() {
      if (state.due === undefined || now() < state.due) return;
      line.set(false);
      line.set(true);
      // Periods that nobody saw are one interrupt.
      state.due = isPeriodic()
        ? state.start + toNsecs((toTicks(now() - state.start) / state.count + 1n) * state.count)
        : undefined;
    },
    in(port) {
      if (port === commandPort) return 0;
      const value = state.latched ?? current();
      const high = state.access === 2 || (state.access === 3 && state.readsHigh);
      if (state.access === 3) state.readsHigh = !state.readsHigh;
      if (state.access !== 3 || high) state.latched = undefined;
      return high ? value >> 8 : value & 0xff;
    },
    out(port, value) {
      if (port === counterPort) {
        if (state.access === 1) load(value);
        else if (state.access === 2) load(value << 8);
        else if (state.low === undefined) state.low = value;
        else {
          load(state.low | (value << 8));
          state.low = undefined;
        }
        return;
      }
      const channel = value >> 6;
      if (channel !== 0) return;
      const wanted = (value >> 4) & 3;
      if (wanted === 0) {
        state.latched ??= current();
        return;
      }
      state.access = wanted;
      state.mode = (value >> 1) & 7;
      if (state.mode > 5) state.mode -= 4;
      state.readsHigh = false;
      state.low = state.latched = state.due = undefined;
    },
    stateful: stateIn(state),
  };
}
