// A legacy virtio network device in front of one of the host's. Source: Virtio PCI Card 0.9.5, appendix C.
import { result } from "../../../abi/start.js";
import { isFrameLength, type NetDevice } from "../../../net/contract.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { PciSlot } from "./ports.js";
import { createQueue, type Chain } from "./queue.js";
import { createVirtioDevice, type VirtioDevice } from "./virtio-pci.js";

const subsystem = 1;
const ethernetClass = 0x020000;
const features = (1 << 3) | (1 << 5); // MTU, MAC
const queueSize = 256;
const transmitQueue = 1;
/** In front of each frame; nothing that it could say is offered. */
const headerSize = 10;
/** Longer ones are none. */
const maxFrame = 65_535 + 18;

export interface VirtioNet extends VirtioDevice {
  /** Takes in what has come from the host. */
  pump(): void;
}

export function createVirtioNet(
  memory: GuestMemory,
  net: NetDevice,
  mac: Uint8Array,
  place: PciSlot,
): VirtioNet {
  const receive = createQueue(memory, queueSize);
  const transmit = createQueue(memory, queueSize);
  const config = new Uint8Array(12);
  config.set(mac);
  config.set([net.mtu & 0xff, net.mtu >> 8], 10);

  const tell = (name: string, frame: Uint8Array, isTaken: boolean): void =>
    place.deviceTrace?.({
      device: place.name,
      name,
      args: [frame, frame.length],
      results: isTaken ? [] : ["lost"],
    });
  const send = (): void => {
    let wanted = false;
    for (let chain = transmit.peek(); chain !== undefined; chain = transmit.peek()) {
      const frame = gather(chain.readable)?.slice(headerSize);
      // A frame that the host does not take, and what is none, is lost, as on a cable.
      if (frame !== undefined) {
        const isTaken = isFrameLength(net, frame.length) && net.write(frame) === result.ok;
        tell("transmit", frame, isTaken);
      }
      wanted = transmit.use(chain, 0) || wanted;
    }
    if (wanted) device.interrupt();
  };
  const pump = (): void => {
    let wanted = false;
    while (net.readable) {
      const frame = net.read();
      if (frame === undefined) break;
      // Without a driver, or a buffer that is large enough, a frame is lost, as a card loses it.
      const chain = device.isReady ? receive.peek() : undefined;
      const isTaken = chain !== undefined && scatter(chain, frame);
      tell("receive", frame, isTaken);
      if (!isTaken) continue;
      wanted = receive.use(chain, headerSize + frame.length) || wanted;
    }
    if (wanted) device.interrupt();
  };
  const device = createVirtioDevice(
    {
      subsystem,
      class: ethernetClass,
      features,
      config,
      queues: [receive, transmit],
      notified(index) {
        if (index === transmitQueue) send();
      },
    },
    place,
  );
  return Object.assign(device, { pump });
}

function gather(parts: readonly Uint8Array[]): Uint8Array | undefined {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (total > headerSize + maxFrame) return undefined;
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An empty header and the frame, over the chain's parts; false where they do not fit. */
function scatter({ writable }: Chain, frame: Uint8Array): boolean {
  const room = writable.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(headerSize + frame.length);
  if (all.length > room) return false;
  all.set(frame, headerSize);
  let at = 0;
  for (const part of writable) {
    part.set(all.subarray(at, at + part.length));
    at += part.length;
  }
  return true;
}
