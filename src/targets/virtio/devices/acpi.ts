// As much ACPI as powers a machine off: the tables that lead to the package _S5_, and the register it is written to.
// Source: ACPI 6.5, sections 5.2.5, 5.2.7, 5.2.9, 4.8.3.2 and 20.2.
import { u32, u8, viewOf } from "../../../bytes/struct.js";
import type { DeviceTrace } from "../../contract.js";
import { stateIn } from "../../../bytes/plain.js";
import type { PortDevice } from "./ports.js";

/** Where the tables lie; firmware has them in its own memory, in which they are looked for. */
export const acpiBase = 0xf0000;
const [rsdtAt, fadtAt, dsdtAt, size] = [0x20, 0x60, 0x160, 0x200];
const controlPort = 0x604;
const sleepEnable = 1 << 13;
/** Which number turns this machine off is its own business. */
const sleepTypeOff = 5;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
/** What makes the bytes add up to 0. */
const checksum = (bytes: Uint8Array): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

/** Name (_S5_, Package () { type, type, 0, 0 }). */
const s5 = Uint8Array.from([
  0x08,
  ...text("_S5_"),
  0x12,
  0x0a,
  0x04,
  0x0a,
  sleepTypeOff,
  0x0a,
  sleepTypeOff,
  0,
  0,
]);

/** The tables as they lie at `acpiBase`. */
export function acpiTables(): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  const table = (at: number, signature: string, length: number, revision: number): void => {
    bytes.set(text(signature), at);
    u32.write(view, at + 4, length);
    u8.write(view, at + 8, revision);
    bytes.set(text("SOLO5 SOLO5PC "), at + 10);
    u8.write(view, at + 9, checksum(bytes.subarray(at, at + length)));
  };
  bytes.set(text("RSD PTR "), 0);
  bytes.set(text("SOLO5 "), 9);
  u32.write(view, 16, acpiBase + rsdtAt);
  u8.write(view, 8, checksum(bytes.subarray(0, 20)));
  u32.write(view, rsdtAt + 36, acpiBase + fadtAt);
  table(rsdtAt, "RSDT", 40, 1);
  u32.write(view, fadtAt + 40, acpiBase + dsdtAt);
  u32.write(view, fadtAt + 64, controlPort);
  u8.write(view, fadtAt + 89, 2);
  table(fadtAt, "FACP", 116, 1);
  bytes.set(s5, dsdtAt + 36);
  table(dsdtAt, "DSDT", 36 + s5.length, 1);
  return bytes;
}

/** The power management control register. */
export function createAcpi(powerOff: () => void, deviceTrace?: DeviceTrace): PortDevice {
  // ACPI is in force from the start.
  const state = { control: 1 };
  return {
    ports: [[controlPort, controlPort + 1]],
    in: (port, width) => (state.control >> (8 * (port - controlPort))) & (width === 1 ? 0xff : 0xffff),
    out(port, value, width) {
      if (port !== controlPort || width === 1) return;
      state.control = value & ~sleepEnable;
      if ((value & sleepEnable) === 0 || ((value >> 10) & 7) !== sleepTypeOff) return;
      deviceTrace?.({ device: "acpi", name: "powerOff", args: [], results: [] });
      powerOff();
    },
    stateful: stateIn(state),
  };
}
