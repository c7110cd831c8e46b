// What each hypercall does to the devices. A missing or misspelt one does not compile. docs/abi.md 3.4.
import { haltCookieSize, type hypercalls, type HypercallName } from "../../abi/hvt.js";
import { result } from "../../abi/start.js";
import type { ValueOf } from "../../bytes/struct.js";
import { isFrameLength, writeCopy } from "../../net/contract.js";
import type { MayStore } from "../../image/memory-map.js";
import { isInside, type GuestMemory } from "../../image/memory.js";
import type { GuestHost, SessionState } from "../contract.js";
import { readInto } from "./ring.js";

type Args<K extends HypercallName> = ValueOf<(typeof hypercalls)[K]["args"]>;

/** The guest named memory that it does not have; the tender ends it. */
interface BadAccess {
  readonly gpa: bigint;
  readonly size: bigint;
}
/** Fields of the argument that change, a state other than running, or a bad access. */
export type Reply<K extends HypercallName> =
  | { readonly fields: Partial<Args<K>> }
  | { readonly state: SessionState }
  | { readonly badAccess: BadAccess };
export type HypercallHandlers = { readonly [K in HypercallName]: (args: Args<K>) => Reply<K> };

/** Guest memory as hypercalls may name it: [0, usable). */
export function handlers(
  host: GuestHost,
  memory: GuestMemory,
  usable: number,
  mayStore: MayStore,
): HypercallHandlers {
  const bytes = (gpa: bigint, size: bigint): Uint8Array | BadAccess =>
    (isInside(usable, gpa, size) ? memory.bytes(gpa, size) : undefined) ?? { gpa, size };
  const withBytes = <K extends HypercallName>(
    gpa: bigint,
    size: bigint,
    use: (data: Uint8Array) => Partial<Args<K>>,
  ): Reply<K> => {
    const data = bytes(gpa, size);
    return data instanceof Uint8Array ? { fields: use(data) } : { badAccess: data };
  };
  /** The same for what a device fills. */
  const filling = <K extends HypercallName>(
    gpa: bigint,
    size: bigint,
    use: (data: Uint8Array) => Partial<Args<K>>,
  ): Reply<K> => (mayStore(gpa, size) ? withBytes<K>(gpa, size, use) : { badAccess: { gpa, size } });
  const block =
    (write: boolean) =>
    (args: Args<"blockRead">): Reply<"blockRead"> =>
      (write ? withBytes : filling)<"blockRead">(args.data, args.len, (data) => {
        const device = host.blocks.get(Number(args.handle));
        if (device === undefined) return { ret: result.invalid };
        const unit = BigInt(device.blockSize);
        const fits = args.len <= device.capacity && args.offset <= device.capacity - args.len;
        if (!fits || args.offset % unit !== 0n || args.len % unit !== 0n) return { ret: result.invalid };
        return { ret: write ? device.write(args.offset, data) : device.read(args.offset, data) };
      });

  return {
    walltime: () => ({ fields: { nsecs: host.clock.wall() } }),
    puts: ({ data, len }) =>
      withBytes<"puts">(data, len, (text) => {
        host.console.write(text);
        return {};
      }),
    poll: ({ timeoutNsecs }) => ({
      state: { kind: "waiting", deadline: host.clock.monotonic() + timeoutNsecs },
    }),
    blockWrite: block(true),
    blockRead: block(false),
    netWrite({ handle, data, len }) {
      const net = host.nets.get(Number(handle));
      if (net === undefined || !isFrameLength(net, len)) return { fields: { ret: result.invalid } };
      return withBytes<"netWrite">(data, len, (frame) => ({ ret: writeCopy(net, frame) }));
    },
    netRead: ({ handle, data, len }) =>
      filling<"netRead">(data, len, (buffer) => {
        const read = readInto(host.nets.get(Number(handle)), buffer);
        return { ret: read.ret, len: BigInt(read.len) };
      }),
    halt({ cookie, exitStatus }) {
      const frame = cookie === 0n ? undefined : bytes(cookie, BigInt(haltCookieSize));
      if (frame !== undefined && !(frame instanceof Uint8Array)) return { badAccess: frame };
      return { state: { kind: "ended", status: exitStatus & 0xff, cookie } };
    },
  };
}
