// What all legacy virtio devices on PCI share: the registers at the first base address. Source: Virtio PCI Card 0.9.5,
// section 2.2.
import { hex } from "../../../bytes/text.js";
import type { PciFunction } from "./pci.js";
import { stateIn, stateOfList, stateOfParts } from "../../../bytes/plain.js";
import { nothing, type PciSlot, type PortDevice } from "./ports.js";
import type { DeviceQueue } from "./queue.js";

const vendor = 0x1af4;
export const portsPerDevice = 0x40;
const offset = { hostFeatures: 0, guestFeatures: 4, queuePage: 8, queueSize: 12, queueSelect: 14, notify: 16, status: 18, interrupt: 19, config: 20 } as const; // prettier-ignore
const driverOk = 4;
const eventIndexFeature = 2 ** 29;

/** What is a device's own. */
interface VirtioKind {
  /** The subsystem, and the PCI device counted from the first transitional one: 1 network, 2 disk. */
  readonly subsystem: number;
  readonly class: number;
  /** Offered; queues with event indices are offered besides. */
  readonly features: number;
  readonly config: Uint8Array;
  readonly queues: readonly DeviceQueue[];
  /** The guest has something for queue `index`. */
  notified(index: number): void;
}

export interface VirtioDevice extends PortDevice {
  readonly pci: PciFunction;
  /** The driver is done with setting it up. */
  readonly isReady: boolean;
  /** Interrupts, as using a buffer asks for it. */
  interrupt(): void;
}

export function createVirtioDevice(
  kind: VirtioKind,
  { name, base, irq, line, deviceTrace }: PciSlot,
): VirtioDevice {
  const { queues, config } = kind;
  const features = (kind.features | eventIndexFeature) >>> 0;
  const state = { agreed: 0, selected: 0, status: 0, isInterrupting: false };
  const setInterrupt = (on: boolean): void => {
    state.isInterrupting = on;
    line.set(on);
  };

  const reset = (): void => {
    state.agreed = state.selected = state.status = 0;
    for (const queue of queues) queue.reset();
    setInterrupt(false);
  };
  const read = (at: number): number => {
    switch (at) {
      case offset.hostFeatures:
        return features;
      case offset.guestFeatures:
        return state.agreed;
      case offset.queuePage:
        return queues[state.selected]?.pageNumber ?? 0;
      case offset.queueSize:
        return queues[state.selected]?.size ?? 0;
      case offset.queueSelect:
        return state.selected;
      case offset.status:
        return state.status;
      case offset.interrupt: {
        const value = state.isInterrupting ? 1 : 0;
        setInterrupt(false);
        return value;
      }
      default:
        return 0;
    }
  };
  const write = (at: number, value: number): void => {
    if (at === offset.guestFeatures) {
      state.agreed = (value & features) >>> 0;
      for (const queue of queues) queue.eventIndex = (state.agreed & eventIndexFeature) !== 0;
    } else if (at === offset.queuePage) {
      const queue = queues[state.selected];
      if (queue !== undefined) queue.pageNumber = value;
    } else if (at === offset.queueSelect) state.selected = value & 0xffff;
    else if (at === offset.notify) kind.notified(value & 0xffff);
    else if (at === offset.status) {
      if (value === 0) reset();
      else {
        state.status = value & 0xff;
        if ((value & driverOk) !== 0)
          deviceTrace?.({
            device: name,
            name: "driverOk",
            args: [`features ${hex(state.agreed)}`],
            results: [],
          });
      }
    }
  };

  return {
    ports: [[base, base + portsPerDevice - 1]],
    pci: {
      vendor,
      device: 0xfff + kind.subsystem,
      subsystem: kind.subsystem,
      class: kind.class,
      io: { base, size: portsPerDevice },
      irq,
    },
    get isReady() {
      return (state.status & driverOk) !== 0;
    },
    in(port, size) {
      const at = port - base;
      if (at < offset.config) return (read(at) & nothing(size)) >>> 0;
      let value = 0;
      for (let i = size - 1; i >= 0; i--) value = value * 256 + (config[at - offset.config + i] ?? 0);
      return value;
    },
    out: (port, value) => write(port - base, value),
    stateful: stateOfParts({
      registers: stateIn(state),
      queues: stateOfList(queues.map(({ stateful }) => stateful)),
    }),
    interrupt: () => setInterrupt(true),
  };
}
