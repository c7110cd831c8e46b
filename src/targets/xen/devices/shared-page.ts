// The page that a domain shares with Xen: event bits and time. It is Xen's until the guest gives it a place in its memory, and what
// belongs to the virtual CPU may have a place of its own. docs/abi.md 11.3.
import { sharedInfo, timeInfo, vcpuInfo, wallClock } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import type { Stateful } from "../../../bytes/plain.js";
import { viewOf } from "../../../bytes/struct.js";
import type { Clock } from "../../../device/contract.js";
import type { GuestMemory } from "../../../image/memory.js";

const nsecPerSec = 1_000_000_000n;

export interface SharedPage {
  /** Puts the page there; false where no memory is. */
  place(gpa: number): boolean;
  /** The same with what belongs to the virtual CPU, once. */
  placeVcpu(gpa: number): boolean;
  /** Asked for each time: memory that is watched hears where Xen writes. */
  view(): DataView;
  vcpu(): DataView;
  readonly stateful: Stateful;
}

/** The guest's counter is `clock.monotonic()`, which is its time of day but for a constant. */
export function createSharedPage(memory: GuestMemory, clock: Clock): SharedPage {
  let own = new Uint8Array(pageSize);
  let at: number | undefined;
  let vcpuAt: number | undefined;
  const bytes = (): Uint8Array => (at === undefined ? undefined : memory.bytes(at, pageSize)) ?? own;
  const vcpu = (): Uint8Array =>
    (vcpuAt === undefined ? undefined : memory.bytes(vcpuAt, vcpuInfo.size)) ??
    bytes().subarray(0, vcpuInfo.size);

  const start = clock.wall() - clock.monotonic();
  const [sec, nsec] = [Number(start / nsecPerSec), Number(start % nsecPerSec)];
  wallClock.write(viewOf(own), sharedInfo.wallClock, { version: 2, sec, nsec });
  timeInfo.write(viewOf(own), vcpuInfo.offsets.time, {
    version: 2,
    pad0: 0,
    tscTimestamp: 0n,
    systemTime: 0n,
    // (counter << 1) * 2^31 >> 32
    tscToSystemMul: 0x8000_0000,
    tscShift: 1,
    flags: 1,
    pad1: new Uint8Array(2),
  });
  return {
    place(gpa) {
      const target = memory.bytes(gpa, pageSize);
      if (target === undefined) return false;
      target.set(bytes().slice());
      at = gpa;
      return true;
    },
    placeVcpu(gpa) {
      const target = memory.bytes(gpa, vcpuInfo.size);
      if (target === undefined || vcpuAt !== undefined) return false;
      target.set(vcpu().slice());
      vcpuAt = gpa;
      return true;
    },
    view: () => viewOf(bytes()),
    vcpu: () => viewOf(vcpu()),
    stateful: {
      save: () => ({ own: own.slice(), at, vcpuAt }),
      restore: (saved: { own: Uint8Array; at: number | undefined; vcpuAt: number | undefined }) =>
        ({ at, vcpuAt, own } = { ...saved, own: saved.own.slice() }),
    },
  };
}
