// PCI configuration space by mechanism 1: a host bridge, and the functions it is given. There are no bridges to the
// buses behind the first: a scan of all of them finds their devices. Source: PCI Local Bus 3.0, sections 3.2.2.3.2 and 6.
import { u32, viewOf } from "../../../bytes/struct.js";
import { stateIn, stateOfList, stateOfParts, type Stateful } from "../../../bytes/plain.js";
import { nothing, type PortDevice } from "./ports.js";

const addressPort = 0xcf8;
const dataPort = 0xcfc;
const enable = 0x8000_0000;
const offsets = {
  id: 0x00,
  command: 0x04,
  classRevision: 0x08,
  bar0: 0x10,
  subsystem: 0x2c,
  interrupt: 0x3c,
} as const;

export interface PciFunction {
  readonly vendor: number;
  readonly device: number;
  readonly subsystem: number;
  /** Base class, subclass and interface. */
  readonly class: number;
  /** I/O ports: where they begin and how many, a power of two. */
  readonly io?: { readonly base: number; readonly size: number };
  readonly irq?: number;
}

const hostBridge: PciFunction = { vendor: 0x8086, device: 0x1237, subsystem: 0, class: 0x060000 };
/** Devices begin where hypervisors have them begin: behind the bridges. */
const firstDevice = 2;
const devicesPerBus = 32;

/** Where the `index`th of the functions is found: bus and device. */
function pciPlace(index: number): readonly [bus: number, device: number] {
  const place = firstDevice + index;
  return [Math.floor(place / devicesPerBus), place % devicesPerBus];
}

/** Functions take one device each, in their order. */
export function createPci(functions: readonly PciFunction[]): PortDevice {
  const spaces = new Map([[0, space(hostBridge)]]);
  functions.forEach((one, index) => {
    const [bus, device] = pciPlace(index);
    spaces.set((bus << 16) | (device << 11), space(one));
  });
  const state = { address: 0 };
  const selected = () => ((state.address & enable) === 0 ? undefined : spaces.get(state.address & 0xff_ff00));
  return {
    ports: [
      [addressPort, addressPort],
      [dataPort, dataPort + 3],
    ],
    in(port, size) {
      if (port === addressPort) return size === 4 ? state.address >>> 0 : nothing(size);
      const found = selected();
      if (found === undefined) return nothing(size);
      const word = found.read(state.address & 0xfc) >>> (8 * (port - dataPort));
      return (word & nothing(size)) >>> 0;
    },
    out(port, value, size) {
      if (port === addressPort) {
        if (size === 4) state.address = value;
        return;
      }
      const found = selected();
      if (found === undefined) return;
      const shift = 8 * (port - dataPort);
      const mask = nothing(size) << shift;
      found.write(
        state.address & 0xfc,
        ((value << shift) & mask) | (found.read(state.address & 0xfc) & ~mask),
      );
    },
    stateful: stateOfParts({
      selected: stateIn(state),
      spaces: stateOfList([...spaces.values()].map(({ stateful }) => stateful)),
    }),
  };
}

interface Space {
  read(offset: number): number;
  write(offset: number, value: number): void;
  readonly stateful: Stateful;
}

/** What can be written: the command, the base address (whose size is asked by writing ones), the interrupt line. */
function space({ vendor, device, subsystem, class: code, io, irq }: PciFunction): Space {
  const bytes = new Uint8Array(256);
  const view = viewOf(bytes);
  const set = (offset: number, value: number): void => u32.write(view, offset, value >>> 0);
  set(offsets.id, (device << 16) | vendor);
  set(offsets.command, io === undefined ? 0 : 5);
  set(offsets.classRevision, code << 8);
  set(offsets.subsystem, (subsystem << 16) | vendor);
  if (io !== undefined) set(offsets.bar0, io.base | 1);
  // The first interrupt pin.
  if (irq !== undefined) set(offsets.interrupt, 0x100 | irq);
  return {
    read: (offset) => u32.read(view, offset),
    write(offset, value) {
      if (offset === offsets.command) set(offset, value & 0x0407);
      else if (offset === offsets.interrupt) set(offset, (u32.read(view, offset) & ~0xff) | (value & 0xff));
      // The ports stay where they are; only what is asked of the size is answered.
      else if (offset === offsets.bar0 && io !== undefined)
        set(offset, value >>> 0 === 0xffff_ffff ? ~(io.size - 1) | 1 : io.base | 1);
    },
    stateful: { save: () => bytes.slice(), restore: (saved: Uint8Array) => bytes.set(saved) },
  };
}
