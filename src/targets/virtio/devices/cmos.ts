// The battery-backed clock: date and time in BCD, 24 hours, UTC. Source: MC146818A data sheet; the century as PCs have it.
import { stateIn } from "../../../bytes/plain.js";
import type { PortDevice } from "./ports.js";

const indexPort = 0x70;
const dataPort = 0x71;
const bcd = (value: number): number => Math.floor(value / 10) * 16 + (value % 10);

/** `wall` in nanoseconds since 1970. */
export function createCmos(wall: () => bigint): PortDevice {
  const state = { index: 0 };
  const read = (): number => {
    const date = new Date(Number(wall() / 1_000_000n));
    switch (state.index) {
      case 0x00:
        return bcd(date.getUTCSeconds());
      case 0x02:
        return bcd(date.getUTCMinutes());
      case 0x04:
        return bcd(date.getUTCHours());
      case 0x06:
        return date.getUTCDay() + 1;
      case 0x07:
        return bcd(date.getUTCDate());
      case 0x08:
        return bcd(date.getUTCMonth() + 1);
      case 0x09:
        return bcd(date.getUTCFullYear() % 100);
      case 0x32:
        return bcd(Math.floor(date.getUTCFullYear() / 100));
      case 0x0a:
        // The usual time base; no update is in progress ever.
        return 0x26;
      case 0x0b:
        // 24 hours, BCD, no interrupts.
        return 0x02;
      case 0x0d:
        // The battery is good.
        return 0x80;
      default:
        return 0;
    }
  };
  return {
    ports: [[indexPort, dataPort]],
    in: (port) => (port === dataPort ? read() : state.index),
    out(port, value) {
      // The upper bit masks non-maskable interrupts, of which there are none.
      if (port === indexPort) state.index = value & 0x7f;
    },
    stateful: stateIn(state),
  };
}
