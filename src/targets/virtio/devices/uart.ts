// COM1: an 8250-like serial port whose transmitter is always ready and whose receiver never has anything. Source:
// PC16550D data sheet, section 8.
import type { Console } from "../../../device/contract.js";
import type { DeviceTrace } from "../../contract.js";
import { stateIn } from "../../../bytes/plain.js";
import type { PortDevice } from "./ports.js";

const base = 0x3f8;
const register = { data: 0, interruptEnable: 1, interruptIdentification: 2, lineControl: 3, modemControl: 4, lineStatus: 5, modemStatus: 6, scratch: 7 } as const; // prettier-ignore
const divisorLatchAccess = 0x80;
/** Transmitter and its holding register are empty. */
const transmitterEmpty = 0x60;
const noInterruptPending = 0x01;
/** Carrier, data set ready, clear to send: somebody is at the other end. */
const connected = 0xb0;
const newline = 0x0a;

export interface Uart extends PortDevice {
  /** Gives out what was held back for the rest of its line. */
  flush(): void;
}

/** Bytes go to `console` as they are, line by line. */
export function createUart(console: Console, deviceTrace?: DeviceTrace): Uart {
  const state = { held: [] as number[], kept: new Uint8Array(8), divisor: new Uint8Array(2) };
  const flush = (): void => {
    if (state.held.length === 0) return;
    const text = Uint8Array.from(state.held.splice(0));
    deviceTrace?.({ device: "com1", name: "write", args: [text, text.length], results: [] });
    console.write(text);
  };
  const isLatch = (offset: number): boolean =>
    offset <= register.interruptEnable &&
    ((state.kept[register.lineControl] ?? 0) & divisorLatchAccess) !== 0;
  return {
    ports: [[base, base + 7]],
    in(port) {
      const offset = port - base;
      if (isLatch(offset)) return state.divisor[offset] ?? 0;
      switch (offset) {
        case register.data:
          return 0;
        case register.interruptIdentification:
          return noInterruptPending;
        case register.lineStatus:
          return transmitterEmpty;
        case register.modemStatus:
          return connected;
        default:
          return state.kept[offset] ?? 0;
      }
    },
    out(port, value) {
      const offset = port - base;
      if (isLatch(offset)) state.divisor[offset] = value;
      else if (offset !== register.data) state.kept[offset] = value;
      else {
        state.held.push(value & 0xff);
        if (value === newline || state.held.length >= 1024) flush();
      }
    },
    stateful: stateIn(state),
    flush,
  };
}
