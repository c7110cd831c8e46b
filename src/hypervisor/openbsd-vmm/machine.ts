// A virtual machine of OpenBSD's: made with its memory, which until release 7.7 is ours and since then the kernel's, and terminated
// whatever happens. vmm(4).
import type { Cleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { encode, viewOf, type Struct } from "../../bytes/struct.js";
import { encodeText } from "../../bytes/text.js";
import { isInside, type GuestMemory } from "../../image/memory.js";
import { system } from "../system.js";
import { vmmError } from "../vmm.js";
import {
  createParams,
  firstRange,
  rangeOffsets,
  request,
  terminateParams,
  type OpenbsdLayout,
} from "./abi.js";

const createWays: Readonly<Record<string, string>> = {
  EPERM: "this needs root",
  ENOMEM: "less memory, or a higher ulimit -d",
  ENOTTY: "this kernel's vmm is not that of its release: --engine=wasm",
};

interface OpenMachine {
  readonly id: number;
  readonly memory: GuestMemory;
}

/** Creates a machine with `size` bytes of memory. Throws Solo5Error. */
export function openMachine(fd: number, size: number, layout: OpenbsdLayout, cleanup: Cleanup): OpenMachine {
  const sys = system();
  const own = layout.isMemoryGiven ? 0n : sys.mapAnonymous(size);
  if (own === undefined) throw vmmError(`cannot map ${size} bytes of guest memory`, sys.errorName());
  if (!layout.isMemoryGiven) cleanup.push(() => sys.unmap(own, size));
  const form = createParams[layout.create] as Struct<never>;
  const range = { gpa: 0n, va: own, size: BigInt(size), type: 0 };
  const params = encode(form, {
    nmemranges: 1n,
    ncpus: 1n,
    memranges: [range],
    name: encodeText(`solo5-${process.pid}`),
    sev: 0,
    seves: 0,
    id: 0,
    poscbit: 0,
    asid: [],
  } as never);
  if (sys.ioctl(fd, request.CREATE, params) < 0)
    throw vmmError("cannot create a virtual machine", sys.errorName(), createWays[sys.errorName()]);
  const view = viewOf(params);
  const id = view.getUint32(createParams[layout.create].offsets.id, true);
  const address = view.getBigUint64(firstRange + rangeOffsets.va, true);
  // What fails once is tried again.
  const terminate = (vmId: number): void => {
    const which = encode(terminateParams, { vmId });
    if (sys.ioctl(fd, request.TERM, which) < 0) sys.ioctl(fd, request.TERM, which);
  };
  if (address !== own && address !== 0n) cleanup.push(() => sys.unmap(address, size));
  // Where the kernel has put something elsewhere, this is another layout, by which what it has made is found all the same.
  const isOther = id === 0 || address === 0n || (address === own) === layout.isMemoryGiven;
  const made = Object.values(createParams).map(({ offsets }) => view.getUint32(offsets.id, true));
  for (const one of isOther ? made.filter((found) => found !== 0) : [id]) cleanup.push(() => terminate(one));
  if (isOther)
    throw new Solo5Error(
      "VMM",
      "vmm: the kernel answers in another layout than its release is known for: --engine=wasm",
    );
  const { buffer, byteOffset } = sys.bytesAt(address, size);
  const memory: GuestMemory = {
    size,
    bytes: (gpa, length) =>
      isInside(size, gpa, length)
        ? new Uint8Array(buffer, byteOffset + Number(gpa), Number(length))
        : undefined,
  };
  return { id, memory };
}
