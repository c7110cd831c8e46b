// What each function of the library does to the devices. A missing or misspelt one does not compile. Results are the functions'
// own. docs/abi.md 10.3.
import { frameMtu, type FunctionName } from "../../abi/genode.js";
import { exitStatus, result, type Result } from "../../abi/start.js";
import { bytes, struct, u64, viewOf } from "../../bytes/struct.js";
import { decodeText, encodeText, textUntilNul } from "../../bytes/text.js";
import type { MayStore } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";
import { isFrameLength, writeCopy } from "../../net/contract.js";
import type { Guest, GuestHost, SessionState } from "../contract.js";

const netInfo = struct(16, { mac: bytes(6), mtu: u64 });
const blockInfo = struct(16, { capacity: u64, blockSize: u64 });
const nameMax = 256;

interface CallContext {
  readonly guest: Guest;
  readonly memory: GuestMemory;
  readonly mayStore: MayStore;
  readonly host: GuestHost;
}

/** What becomes of a call: its result, an end, a wait whose set of devices goes to an address, or memory that is not the guest's. */
export type Outcome =
  | { readonly value: bigint }
  | { readonly state: SessionState & { readonly kind: "ended" } }
  | { readonly waits: { readonly deadline: bigint; readonly readySet: bigint } }
  | { readonly badAccess: bigint };

export type Calls = Readonly<Record<FunctionName, (args: readonly bigint[]) => Outcome>>;

/** Genode's clock counts microseconds. */
const microseconds = (nsecs: bigint): bigint => (nsecs / 1000n) * 1000n;
const value = (value: bigint | Result): Outcome => ({ value: BigInt(value) });
const ended = (status: number): Outcome => ({ state: { kind: "ended", status } });

/** Stores into the guest's memory; false where it may not be stored to. */
interface Stores {
  bytes(address: bigint, data: Uint8Array): boolean;
  word(address: bigint, word: bigint): boolean;
}

function storesOf({ memory, mayStore }: CallContext): Stores {
  const bytes = (address: bigint, data: Uint8Array): boolean => {
    if (!mayStore(address, data.length)) return false;
    memory.bytes(address, data.length)?.set(data);
    return true;
  };
  return {
    bytes,
    word(address, word) {
      const data = new Uint8Array(8);
      viewOf(data).setBigUint64(0, word, true);
      return bytes(address, data);
    },
  };
}

/** A device by the name at an address: its handle and what is to be known of it are stored. */
function acquire(
  { guest, memory }: CallContext,
  stores: Stores,
  [name = 0n, handle = 0n, info = 0n]: readonly bigint[],
  type: "NET_BASIC" | "BLOCK_BASIC",
  describe: (handle: number) => Uint8Array | undefined,
): Outcome {
  const text = memory.bytes(name, Math.min(nameMax, Math.max(0, memory.size - Number(name))));
  if (text === undefined) return { badAccess: name };
  const device = guest.devices.find((one) => one.type === type && one.name === decodeNul(text));
  const data = device === undefined ? undefined : describe(device.handle);
  if (device === undefined || data === undefined) return value(result.invalid);
  if (!stores.word(handle, BigInt(device.handle))) return { badAccess: handle };
  return stores.bytes(info, data) ? value(result.ok) : { badAccess: info };
}

type NetCalls = Pick<Calls, "solo5_net_acquire" | "solo5_net_write" | "solo5_net_read">;

function netCalls(context: CallContext, stores: Stores): NetCalls {
  const { guest, memory, mayStore, host } = context;
  const { nets } = host;
  const macOf = (handle: number): Uint8Array => {
    const device = guest.devices.find((one) => one.handle === handle);
    return (device?.type === "NET_BASIC" ? device.mac : undefined) ?? new Uint8Array(6);
  };
  return {
    solo5_net_acquire: (args) =>
      acquire(context, stores, args, "NET_BASIC", (handle) => {
        const data = new Uint8Array(netInfo.size);
        netInfo.write(viewOf(data), 0, { mac: macOf(handle), mtu: BigInt(frameMtu) });
        return nets.has(handle) ? data : undefined;
      }),
    solo5_net_write([handle = 0n, address = 0n, size = 0n]) {
      const net = nets.get(Number(handle));
      if (net === undefined || !isFrameLength({ mtu: frameMtu }, size)) return value(result.invalid);
      const frame = memory.bytes(address, size);
      return frame === undefined ? { badAccess: address } : value(writeCopy(net, frame));
    },
    solo5_net_read([handle = 0n, address = 0n, size = 0n, readSize = 0n]) {
      const net = nets.get(Number(handle));
      if (net === undefined) return value(result.invalid);
      if (!mayStore(address, size)) return { badAccess: address };
      if (!mayStore(readSize, 8)) return { badAccess: readSize };
      const frame = net.read()?.subarray(0, Number(size));
      if (frame === undefined) return value(result.again);
      stores.bytes(address, frame);
      stores.word(readSize, BigInt(frame.length));
      return value(result.ok);
    },
  };
}

type BlockCalls = Pick<Calls, "solo5_block_acquire" | "solo5_block_write" | "solo5_block_read">;

function blockCalls(context: CallContext, stores: Stores): BlockCalls {
  const { memory, mayStore, host } = context;
  const { blocks } = host;
  /** The disk, where a transfer is of whole blocks of it. */
  const diskFor = ([handle = 0n, offset = 0n, , size = 0n]: readonly bigint[]) => {
    const disk = blocks.get(Number(handle));
    if (disk === undefined) return undefined;
    const unit = BigInt(disk.blockSize);
    const fits = size > 0n && size % unit === 0n && offset % unit === 0n && offset + size <= disk.capacity;
    return fits ? disk : undefined;
  };
  return {
    solo5_block_acquire: (args) =>
      acquire(context, stores, args, "BLOCK_BASIC", (handle) => {
        const disk = blocks.get(handle);
        if (disk === undefined) return undefined;
        const data = new Uint8Array(blockInfo.size);
        blockInfo.write(viewOf(data), 0, { capacity: disk.capacity, blockSize: BigInt(disk.blockSize) });
        return data;
      }),
    solo5_block_write(args) {
      const [, offset = 0n, address = 0n, size = 0n] = args;
      const disk = diskFor(args);
      if (disk === undefined) return value(result.invalid);
      const data = memory.bytes(address, size);
      return data === undefined ? { badAccess: address } : value(disk.write(offset, data));
    },
    solo5_block_read(args) {
      const [, offset = 0n, address = 0n, size = 0n] = args;
      const disk = diskFor(args);
      if (disk === undefined) return value(result.invalid);
      const into = mayStore(address, size) ? memory.bytes(address, size) : undefined;
      return into === undefined ? { badAccess: address } : value(disk.read(offset, into));
    },
  };
}

export function genodeCalls(context: CallContext): Calls {
  const { memory, mayStore, host } = context;
  const { console, clock } = host;
  const stores = storesOf(context);
  return {
    ...netCalls(context, stores),
    ...blockCalls(context, stores),
    solo5_console_write([text = 0n, size = 0n]) {
      const data = memory.bytes(text, size);
      if (data === undefined) return { badAccess: text };
      console.write(data);
      return value(0n);
    },
    solo5_exit: ([status = 0n]) => ended(Number(status & 0xffn)),
    solo5_abort: () => ended(exitStatus.abort),
    solo5_clock_monotonic: () => value(microseconds(clock.monotonic())),
    solo5_clock_wall: () => value(microseconds(clock.wall())),
    solo5_yield([deadline = 0n, readySet = 0n]) {
      if (readySet !== 0n && !mayStore(readySet, 8)) return { badAccess: readySet };
      return { waits: { deadline, readySet } };
    },
    // Genode has the register for itself.
    solo5_set_tls_base: () => value(result.unspecified),
    __stack_chk_fail() {
      console.write(encodeText("Solo5: ABORT: Stack corruption detected\n"));
      return ended(exitStatus.abort);
    },
  };
}

const decodeNul = (data: Uint8Array): string => {
  const end = data.indexOf(0);
  return end < 0 ? textUntilNul(data) : decodeText(data.subarray(0, end));
};
