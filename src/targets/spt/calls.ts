// What each system call does to the devices. A missing or misspelt one does not compile. Results are as the kernel's: errors
// negative. docs/abi.md 4.
import type { Isa } from "../../abi/elf.js";
import { epollEvent, itimerspec, timerDatum, timespec, type SyscallName } from "../../abi/spt.js";
import { result } from "../../abi/start.js";
import { errorNumbers } from "../../abi/linux/errno.js";
import { viewOf, type Field } from "../../bytes/struct.js";
import type { MayStore } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";
import { isFrameLength, readFrame, writeCopy } from "../../net/contract.js";
import type { GuestHost } from "../contract.js";

const nsecsPerSec = 1_000_000_000n;
const error = {
  io: -BigInt(errorNumbers.EIO),
  again: -BigInt(errorNumbers.EAGAIN),
  fault: -BigInt(errorNumbers.EFAULT),
  invalid: -BigInt(errorNumbers.EINVAL),
} as const;

/** What the process remembers from call to call. */
export type SptState = {
  /** Of the timer, absolute and monotonic; 0 where it is not armed. */
  deadline: bigint;
  /** Arguments of the `epoll_pwait` that the guest waits in. */
  waitArgs: readonly bigint[];
};

interface CallContext {
  readonly isa: Isa;
  readonly memory: GuestMemory;
  readonly mayStore: MayStore;
  readonly host: GuestHost;
  /** By descriptor. */
  readonly nets: ReadonlyMap<bigint, NonNullable<ReturnType<GuestHost["nets"]["get"]>>>;
  readonly blocks: ReadonlyMap<bigint, NonNullable<ReturnType<GuestHost["blocks"]["get"]>>>;
  readonly state: SptState;
  setTls(base: bigint): void;
  exit(status: number): void;
  /** The guest waits until a device can be read, or the deadline. */
  wait(deadline: bigint): void;
}

/** The result, or undefined where the guest does not go on at once. */
export type SptCalls = Readonly<Record<SyscallName, (args: readonly bigint[]) => bigint | undefined>>;

const never = 1n << 63n;

export function sptCalls(context: CallContext): SptCalls {
  const { memory, mayStore, host, nets, blocks, state } = context;
  const fillable = (address: bigint, size: bigint): Uint8Array | undefined =>
    mayStore(address, size) ? memory.bytes(address, size) : undefined;
  return {
    read([fd = 0n, address = 0n, size = 0n]) {
      const buffer = fillable(address, size);
      if (buffer === undefined) return error.fault;
      const net = nets.get(fd);
      const length = net === undefined ? undefined : readFrame(net, buffer);
      return length === undefined ? error.again : BigInt(length);
    },
    write([fd = 0n, address = 0n, size = 0n]) {
      const net = nets.get(fd);
      if (net !== undefined && !isFrameLength(net, size)) return error.invalid;
      const bytes = memory.bytes(address, size);
      if (bytes === undefined) return error.fault;
      if (net === undefined) host.console.write(bytes);
      else {
        const written = writeCopy(net, bytes);
        if (written !== result.ok) return written === result.again ? error.again : error.io;
      }
      return size;
    },
    pread64([fd = 0n, address = 0n, size = 0n, offset = 0n]) {
      const into = fillable(address, size);
      if (into === undefined) return error.fault;
      return blocks.get(fd)?.read(offset, into) === result.ok ? size : error.io;
    },
    pwrite64([fd = 0n, address = 0n, size = 0n, offset = 0n]) {
      const bytes = memory.bytes(address, size);
      if (bytes === undefined) return error.fault;
      return blocks.get(fd)?.write(offset, bytes) === result.ok ? size : error.io;
    },
    arch_prctl([, base = 0n]) {
      context.setTls(base);
      return 0n;
    },
    clock_gettime([id = 0n, address = 0n]) {
      const now = id === 0n ? host.clock.wall() : host.clock.monotonic();
      return store(context, timespec, address, { sec: now / nsecsPerSec, nsec: now % nsecsPerSec });
    },
    exit_group([status = 0n]) {
      context.exit(Number(status & 0xffn));
      return undefined;
    },
    timerfd_settime([, , address = 0n]) {
      const bytes = memory.bytes(address, itimerspec.size);
      if (bytes === undefined) return error.fault;
      const { sec, nsec } = itimerspec.read(viewOf(bytes), 0).value;
      state.deadline = sec * nsecsPerSec + nsec;
      return 0n;
    },
    epoll_pwait(args) {
      const ready = writeEvents(context, args);
      const onlyLooks = args[3] === 0n;
      if (ready !== 0n || onlyLooks) return ready;
      state.waitArgs = args;
      context.wait(state.deadline === 0n ? never : state.deadline);
      return undefined;
    },
  };
}

/** Writes `value` for the guest; its address may be anything. */
function store<T>(
  { memory, mayStore }: Pick<CallContext, "memory" | "mayStore">,
  field: Field<T>,
  address: bigint,
  value: T,
): bigint {
  const bytes = mayStore(address, field.size) ? memory.bytes(address, field.size) : undefined;
  if (bytes === undefined) return error.fault;
  field.write(viewOf(bytes), 0, value);
  return 0n;
}

/** What is ready, as the arguments of `epoll_pwait` want it told: their number, or an error. */
export function writeEvents(
  context: Pick<CallContext, "isa" | "memory" | "mayStore" | "host" | "state">,
  [, events = 0n, max = 0n]: readonly bigint[],
): bigint {
  const { host, state } = context;
  const ready = [...host.nets].filter(([, net]) => net.readable).map(([handle]) => BigInt(handle));
  if (state.deadline !== 0n && host.clock.monotonic() >= state.deadline) ready.push(timerDatum);
  const some = ready.slice(0, Number(max));
  const layout = epollEvent[context.isa];
  for (const [i, data] of some.entries()) {
    const written = store(context, layout, events + BigInt(i * layout.size), { events: 1, data });
    if (written !== 0n) return written;
  }
  return BigInt(some.length);
}
