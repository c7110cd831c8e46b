// What a device of the PC is to the CPU: I/O ports. A device knows its own registers, the lines and clocks it was given,
// and no other device.
import type { Stateful } from "../../../bytes/plain.js";
import type { DeviceTrace } from "../../contract.js";

export type PortSize = 1 | 2 | 4;

export interface PortDevice {
  /** The ports it answers at, first and last; they do not change. */
  readonly ports: readonly (readonly [first: number, last: number])[];
  in(port: number, size: PortSize): number;
  out(port: number, value: number, size: PortSize): void;
  readonly stateful: Stateful;
}

/** A line to the interrupt controller; a level one stays as it is set, an edge one counts when it rises. */
export interface InterruptLine {
  set(high: boolean): void;
}

/** What a device on PCI is given. */
export interface PciSlot {
  /** The device's name in the manifest. */
  readonly name: string;
  /** The first of its ports. */
  readonly base: number;
  readonly irq: number;
  readonly line: InterruptLine;
  readonly deviceTrace: DeviceTrace;
}

/** The device that answers at each port. Throws RangeError where two would. */
export function portMap(devices: readonly PortDevice[]): ReadonlyMap<number, PortDevice> {
  const map = new Map<number, PortDevice>();
  for (const device of devices) {
    for (const [first, last] of device.ports) {
      for (let port = first; port <= last; port++) {
        if (map.has(port)) throw new RangeError(`two devices at port 0x${port.toString(16)}`);
        map.set(port, device);
      }
    }
  }
  return map;
}

/** What nobody drives reads as ones. */
export const nothing = (size: PortSize): number => (size === 4 ? 0xffff_ffff : (1 << (8 * size)) - 1);
