// The PC put together: which devices there are, at which ports and interrupt lines. docs/abi.md 5.2.
import { stateIn, stateOfList, stateOfParts, type Stateful } from "../../../bytes/plain.js";
import { Solo5Error } from "../../../bytes/error.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { Guest, GuestHost } from "../../contract.js";
import { createAcpi } from "./acpi.js";
import { createCmos } from "./cmos.js";
import { createDebugExit, type DebugExit } from "./debug-exit.js";
import { createPci } from "./pci.js";
import { createPic, type Pic } from "./pic.js";
import { createPit, type Pit } from "./pit.js";
import { portMap, type InterruptLine, type PciSlot, type PortDevice } from "./ports.js";
import { createUart, type Uart } from "./uart.js";
import { createVirtioBlock, sectorSize } from "./virtio-block.js";
import { createVirtioNet, type VirtioNet } from "./virtio-net.js";
import { portsPerDevice, type VirtioDevice } from "./virtio-pci.js";

const timerLine = 0;
/** PCI's lines, which the devices share in turn. */
const pciLines = [10, 11] as const;
const virtioPorts = 0xc000;

interface Pc {
  readonly ports: ReadonlyMap<number, PortDevice>;
  readonly pic: Pic;
  readonly pit: Pit;
  readonly uart: Uart;
  /** Looks at what the host and the time have brought. */
  poll(): void;
  readonly stateful: Stateful;
}

/** `end` is called when the guest has ended. Throws Solo5Error `BLOCK_SIZE`. */
export function createPc(
  guest: Guest,
  memory: GuestMemory,
  host: GuestHost,
  end: (exit: DebugExit) => void,
): Pc {
  const { deviceTrace } = host;
  const pic = createPic();
  const pit = createPit(() => host.clock.monotonic(), pic.line(timerLine));
  const uart = createUart(host.console, deviceTrace);
  const lines = new Map(pciLines.map((irq) => [irq, sharedLine(pic.line(irq))]));
  const nets: VirtioNet[] = [];
  const devices = guest.devices.map((device, index): VirtioDevice => {
    const irq = pciLines[index % pciLines.length] ?? pciLines[0];
    const place: PciSlot = {
      name: device.name,
      base: virtioPorts + index * portsPerDevice,
      irq,
      line: (lines.get(irq) ?? sharedLine(pic.line(irq))).join(),
      deviceTrace,
    };
    if (device.type === "NET_BASIC") {
      const net = createVirtioNet(
        memory,
        found(host.nets, device.handle),
        device.mac ?? new Uint8Array(6),
        place,
      );
      nets.push(net);
      return net;
    }
    const block = found(host.blocks, device.handle);
    if (block.blockSize !== sectorSize) {
      const why = `virtio has blocks of ${sectorSize} bytes, not ${block.blockSize}`;
      throw new Solo5Error("BLOCK_SIZE", `${device.name}: ${why}`);
    }
    return createVirtioBlock(memory, block, place);
  });
  const chips = [
    uart,
    pic,
    pit,
    createCmos(() => host.clock.wall()),
    createPci(devices.map(({ pci }) => pci)),
    createDebugExit(end, deviceTrace),
    createAcpi(() => end({ status: 0, isTold: false }), deviceTrace),
  ];
  return {
    ports: portMap([...chips, ...devices]),
    pic,
    pit,
    uart,
    poll() {
      pit.poll();
      for (const net of nets) net.pump();
    },
    stateful: stateOfParts({
      chips: stateOfList(chips.map(({ stateful }) => stateful)),
      devices: stateOfList(devices.map(({ stateful }) => stateful)),
      lines: stateOfList([...lines.values()].map(({ stateful }) => stateful)),
    }),
  };
}

function found<T>(devices: ReadonlyMap<number, T>, handle: number): T {
  const device = devices.get(handle);
  if (device === undefined) throw new RangeError(`nothing is attached to handle ${handle}`);
  return device;
}

interface SharedLine {
  /** A line for one more device. */
  join(): InterruptLine;
  readonly stateful: Stateful;
}

/** Makes lines for several devices out of one, which is high as long as one of them is. */
function sharedLine(line: InterruptLine): SharedLine {
  const high: boolean[] = [];
  return {
    join() {
      const index = high.push(false) - 1;
      return {
        set(on) {
          high[index] = on;
          line.set(high.includes(true));
        },
      };
    },
    stateful: stateIn(high),
  };
}
