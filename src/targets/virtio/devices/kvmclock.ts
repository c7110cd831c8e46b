// KVM's paravirtual clock, for a counter of nanoseconds: the guest names a place in its memory, and finds there how to
// read the time. Source: the kernel's Documentation/virt/kvm/x86/{cpuid,msr}.rst.
import { struct, u32, u64, u8, viewOf, bytes } from "../../../bytes/struct.js";
import type { Clock } from "../../../device/contract.js";
import type { GuestMemory } from "../../../image/memory.js";

/** The signature KVMKVMKVM, and the features: the clock by its old registers and by its new ones. */
const leaves: Readonly<Record<number, readonly [number, number, number, number]>> = {
  0x4000_0000: [0x4000_0001, 0x4b4d_564b, 0x564b_4d56, 0x4d],
  0x4000_0001: [0b1001, 0, 0, 0],
};
const none = [0, 0, 0, 0] as const;

const msr = { wallClock: [0x11, 0x4b56_4d00], systemTime: [0x12, 0x4b56_4d01] } as const;
const enabled = 1n;

const systemTime = struct(32, {
  /** Even: nobody is writing. */
  version: u32,
  pad: u32,
  tscTimestamp: u64,
  systemTime: u64,
  /** nanoseconds = (counter << shift) * multiplier >> 32 */
  multiplier: u32,
  shift: u8,
  flags: u8,
  pad2: bytes(2),
});
const wallClock = struct(12, { version: u32, sec: u32, nsec: u32 });
const version = 2;
const nsecPerSec = 1_000_000_000n;

export interface KvmClock {
  cpuid(leaf: number): readonly [number, number, number, number];
  /** Whether there is such a register. */
  write(number: number, value: bigint): boolean;
}

/** The guest's counter is `clock.monotonic()`, which is its time of day but for a constant. */
export function createKvmClock(memory: GuestMemory, clock: Clock): KvmClock {
  const isOne = (numbers: readonly number[], number: number): boolean => numbers.includes(number);
  return {
    cpuid: (leaf) => leaves[leaf] ?? none,
    write(number, value) {
      if (isOne(msr.systemTime, number)) {
        const place = memory.bytes(value & ~enabled, systemTime.size);
        if ((value & enabled) !== 0n && place !== undefined) {
          const time = { tscTimestamp: 0n, systemTime: 0n, multiplier: 0x8000_0000, shift: 1, flags: 0 };
          systemTime.write(viewOf(place), 0, { version, pad: 0, ...time, pad2: new Uint8Array(2) });
        }
        return true;
      }
      if (!isOne(msr.wallClock, number)) return false;
      const place = memory.bytes(value, wallClock.size);
      if (place !== undefined) {
        const start = clock.wall() - clock.monotonic();
        const [sec, nsec] = [Number(start / nsecPerSec), Number(start % nsecPerSec)];
        wallClock.write(viewOf(place), 0, { version, sec, nsec });
      }
      return true;
    },
  };
}
