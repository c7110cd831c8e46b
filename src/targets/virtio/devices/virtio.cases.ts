// A driver for the tests of virtio devices: queues in a memory of its own, set up and used by the registers alone.
import { pageSize } from "../../../bytes/align.js";
import { viewOf } from "../../../bytes/struct.js";
import { plainMemory, type GuestMemory } from "../../../image/memory.js";
import type { Operation } from "../../contract.js";
import type { PciSlot } from "./ports.js";
import type { VirtioDevice } from "./virtio-pci.js";

const base = 0xc000;
const queuePages = 8;

export interface RingDescriptor {
  readonly at: number;
  readonly length: number;
  readonly write?: boolean;
}

export function newDriver(make: (memory: GuestMemory, place: PciSlot) => VirtioDevice) {
  const memory = plainMemory(1 << 20);
  const view = viewOf(memory.bytes(0, 1 << 20) ?? new Uint8Array());
  let isHigh = false;
  const told: Operation[] = [];
  const device = make(memory, {
    name: "device",
    base,
    irq: 10,
    line: { set: (high) => (isHigh = high) },
    deviceTrace: ({ args, results, ...rest }) => {
      const copied = (values: Operation["args"]) =>
        values.map((value) => (value instanceof Uint8Array ? [...value.subarray(0, 2)].join() : value));
      told.push({ ...rest, args: copied(args), results: copied(results) });
    },
  });
  const register = (offset: number, size: 1 | 2 | 4): number => device.in(base + offset, size);
  const set = (offset: number, value: number, size: 1 | 2 | 4): void =>
    device.out(base + offset, value, size);
  const page = (queue: number): number => (1 + queue * queuePages) * pageSize;
  const sizeOf = (queue: number): number => {
    set(14, queue, 2);
    return register(12, 2);
  };
  const availableAt = (queue: number): number => page(queue) + sizeOf(queue) * 16;
  const usedAt = (queue: number): number =>
    Math.ceil((availableAt(queue) + 2 * (sizeOf(queue) + 3)) / pageSize) * pageSize;
  const nextDescriptor = [0, 0];
  return {
    device,
    view,
    register,
    set,
    isHigh: () => isHigh,
    /** What the device told whoever looks on; of data the first two bytes. */
    told,
    availableAt,
    usedAt,
    sizeOf,
    bytes: (at: number, length: number): Uint8Array => memory.bytes(at, length) ?? new Uint8Array(),
    start(queues: number, features = 0): void {
      set(18, 0, 1);
      set(18, 3, 1);
      set(4, features, 4);
      for (let queue = 0; queue < queues; queue++) {
        set(14, queue, 2);
        set(8, page(queue) / pageSize, 4);
      }
      set(18, 7, 1);
    },
    /** Makes a chain available; the device hears of it only by `notify`. */
    publish(queue: number, chain: readonly RingDescriptor[]): void {
      const head = nextDescriptor[queue] ?? 0;
      chain.forEach(({ at, length, write = false }, i) => {
        const entry = page(queue) + (head + i) * 16;
        const more = i < chain.length - 1;
        view.setBigUint64(entry, BigInt(at), true);
        view.setUint32(entry + 8, length, true);
        view.setUint16(entry + 12, (more ? 1 : 0) | (write ? 2 : 0), true);
        view.setUint16(entry + 14, head + i + 1, true);
      });
      nextDescriptor[queue] = head + chain.length;
      const available = availableAt(queue);
      const index = view.getUint16(available + 2, true);
      view.setUint16(available + 4 + 2 * (index % sizeOf(queue)), head, true);
      view.setUint16(available + 2, index + 1, true);
    },
    notify: (queue: number): void => set(16, queue, 2),
    /** The lengths of what was used so far. */
    used(queue: number): readonly number[] {
      const at = usedAt(queue);
      return Array.from({ length: view.getUint16(at + 2, true) }, (_, i) =>
        view.getUint32(at + 8 + 8 * i, true),
      );
    },
  };
}
