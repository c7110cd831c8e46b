// A legacy virtio disk in front of one of the host's. Requests are done when they are announced. Source: Virtio PCI Card
// 0.9.5, appendix D.
import { result } from "../../../abi/start.js";
import { u32, u64, viewOf } from "../../../bytes/struct.js";
import type { BlockDevice } from "../../../device/contract.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { PciSlot } from "./ports.js";
import { createQueue, type Chain } from "./queue.js";
import { createVirtioDevice, type VirtioDevice } from "./virtio-pci.js";

const subsystem = 2;
const storageClass = 0x010000;
const queueSize = 128;
export const sectorSize = 512;
/** Type, a reserved word, sector. */
const requestSize = 16;
const types = { read: 0, write: 1 } as const;
const statuses = { ok: 0, ioError: 1, unsupported: 2 } as const;

const nameIn = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(names).find((name) => names[name] === value) ?? String(value);

export function createVirtioBlock(memory: GuestMemory, block: BlockDevice, place: PciSlot): VirtioDevice {
  const queue = createQueue(memory, queueSize);
  const config = new Uint8Array(8);
  u64.write(viewOf(config), 0, block.capacity / BigInt(sectorSize));

  /** The bytes written, with that of the status; undefined where the chain is no request. */
  const perform = ({ readable, writable }: Chain): number | undefined => {
    const [request, ...data] = readable;
    const last = writable.at(-1);
    if (request?.length !== requestSize || last?.length !== 1) return undefined;
    const targets = writable.slice(0, -1);
    const view = viewOf(request);
    const offset = u64.read(view, 8) * BigInt(sectorSize);
    const kind = u32.read(view, 0);
    const parts = kind === types.read ? targets : data;
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const fits = size % sectorSize === 0 && offset + BigInt(size) <= block.capacity;
    let outcome: number = statuses.ioError;
    if (kind !== types.read && kind !== types.write) outcome = statuses.unsupported;
    else if (fits && parts.every(({ length }) => length % sectorSize === 0))
      outcome = move(kind, offset, parts);
    last[0] = outcome;
    if (place.deviceTrace !== undefined) {
      const [shown = new Uint8Array()] = parts;
      const isFetched = kind === types.read && outcome === statuses.ok;
      place.deviceTrace({
        device: place.name,
        name: nameIn(types, kind),
        args: [`sector ${u64.read(view, 8)}`, ...(kind === types.write ? [shown] : []), size],
        results: [...(isFetched ? [shown] : []), nameIn(statuses, outcome)],
      });
    }
    return 1 + (kind === types.read ? size : 0);
  };
  const move = (kind: number, start: bigint, parts: readonly Uint8Array[]): number => {
    let offset = start;
    for (const part of parts) {
      const done = kind === types.read ? block.read(offset, part) : block.write(offset, part);
      if (done !== result.ok) return statuses.ioError;
      offset += BigInt(part.length);
    }
    return statuses.ok;
  };

  const device = createVirtioDevice(
    {
      subsystem,
      class: storageClass,
      features: 0,
      config,
      queues: [queue],
      notified() {
        let wanted = false;
        for (let chain = queue.peek(); chain !== undefined; chain = queue.peek()) {
          wanted = queue.use(chain, perform(chain) ?? 0) || wanted;
        }
        if (wanted) device.interrupt();
      },
    },
    place,
  );
  return device;
}
