// A virtual machine of FreeBSD's: made under a name, opened, given its memory, and destroyed whatever happens. vmm(4), vmmapi(3).
import type { Cleanup } from "../../bytes/cleanup.js";
import { encode, type Struct } from "../../bytes/struct.js";
import { encodeText } from "../../bytes/text.js";
import { isInside, type GuestMemory } from "../../image/memory.js";
import { system } from "../system.js";
import { call, vmmError } from "../vmm.js";
import {
  allocMemseg,
  createVm,
  destroyOnClose,
  deviceOf,
  mmapMemseg,
  protAll,
  request,
  sysctls,
  type FreebsdLayout,
} from "./abi.js";

const encodeName = (name: string): Uint8Array => encodeText(`${name}\0`);
/** Names of machines that others have are passed over, up to so many. */
const mostNames = 1000;
const createWays: Readonly<Record<string, string>> = {
  EPERM: "this needs root",
  EACCES: "this needs root, or the group vmm",
  ENXIO: "the CPU has no virtualisation, or the firmware has switched it off",
  ENOENT: "kldload vmm",
};

interface Named {
  readonly name: string;
  /** Whether the kernel destroys it when its maker's descriptor is closed. */
  readonly isKept: boolean;
}

/** Tries `create` with names of this process until one is free. */
function firstFree(create: (name: string) => boolean): string {
  for (let i = 1; i <= mostNames; i++) {
    const name = `solo5-${process.pid}${i === 1 ? "" : `-${i}`}`;
    if (create(name)) return name;
    const error = system().errorName();
    if (error !== "EEXIST") throw vmmError("cannot create a virtual machine", error, createWays[error]);
  }
  throw vmmError("cannot create a virtual machine", "EEXIST", "there are too many of this process");
}

const bySysctl = (): Named => {
  const sys = system();
  const name = firstFree((one) => sys.sysctl(sysctls.create, undefined, encodeName(one)) >= 0);
  return { name, isKept: false };
};

/** A machine that outlives its maker keeps its memory: what fails once is tried again, and then told. Throws Solo5Error. */
function destroyByName(name: string): void {
  const attempt = (): boolean => system().sysctl(sysctls.destroy, undefined, encodeName(name)) >= 0;
  if (!attempt() && !attempt())
    throw vmmError(`cannot destroy ${name}`, system().errorName(), wayToDestroy(name));
}

const wayToDestroy = (name: string): string => `bhyvectl --vm=${name} --destroy`;

/** Where the kernel can, it destroys the machine when `control` is closed, even if this process is killed. */
function byControl(control: number): Named {
  const sys = system();
  let flags = destroyOnClose;
  const name = firstFree((one) => {
    const params = { name: encodeName(one), flags, reserved: new Uint8Array() };
    if (sys.ioctl(control, request.CTL_CREATE, encode(createVm, params)) >= 0) return true;
    // Release 15.0 has no flags, and wants zeros there.
    if (flags === 0 || sys.errorName() !== "EINVAL") return false;
    flags = 0;
    return sys.ioctl(control, request.CTL_CREATE, encode(createVm, { ...params, flags })) >= 0;
  });
  return { name, isKept: flags !== 0 };
}

interface OpenMachine {
  readonly fd: number;
  /** This process, which is root, becomes another user's. */
  confine(): void;
}

const unprivileged = { user: "nobody", folder: "/var/empty" } as const;

/** Creates a machine and opens it; `control` is a descriptor of /dev/vmmctl, or -1 where there is none. */
export function openMachine(control: number, cleanup: Cleanup): OpenMachine {
  const sys = system();
  const { name, isKept } = control < 0 ? bySysctl() : byControl(control);
  let destroy = (): void => destroyByName(name);
  if (!isKept) cleanup.push(() => destroy());
  let fd: number;
  try {
    fd = system().open(deviceOf(name));
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    throw vmmError(`cannot open ${deviceOf(name)}`, code, createWays[code]);
  }
  cleanup.push(() => sys.close(fd));
  const confine = (): void => {
    if (!sys.isRoot()) return;
    const account = sys.accountOf(unprivileged.user);
    if (!isKept) {
      const run = sys.keeper(["/sbin/sysctl", `${sysctls.destroy}=${name}`]);
      destroy = () => {
        if (!run()) throw vmmError(`cannot destroy ${name}`, "EIO", wayToDestroy(name));
      };
    }
    sys.becomeUser(account, unprivileged.folder);
  };
  return { fd, confine };
}

/** Has the kernel make `size` bytes of memory for the guest, and maps them here. Throws Solo5Error. */
export function openMemory(
  fd: number,
  size: number,
  { memseg }: FreebsdLayout,
  cleanup: Cleanup,
): GuestMemory {
  const sys = system();
  const what = `cannot give the guest ${size} bytes of memory`;
  const params = { segid: 0, len: BigInt(size), name: new Uint8Array(), domains: 0n, domainsSize: 0n, policy: 0 }; // prettier-ignore
  const isMade = memseg.some((form, i) => {
    const layout = allocMemseg[form] as Struct<never>;
    if (sys.ioctl(fd, request.ALLOC_MEMSEG[form], encode(layout, params as never)) >= 0) return true;
    if (sys.errorName() !== "ENOTTY" || i === memseg.length - 1) throw vmmError(what, sys.errorName());
    return false;
  });
  if (!isMade) throw vmmError(what, "ENOTTY");
  const mapping = { gpa: 0n, segid: 0, segoff: 0n, len: BigInt(size), prot: protAll, flags: 0 };
  call(fd, request.MMAP_MEMSEG, encode(mmapMemseg, mapping), what);
  const address = sys.map(fd, size);
  if (address === undefined) throw vmmError(what, sys.errorName());
  cleanup.push(() => sys.unmap(address, size));
  const { buffer, byteOffset } = sys.bytesAt(address, size);
  return {
    size,
    bytes: (gpa, length) =>
      isInside(size, gpa, length)
        ? new Uint8Array(buffer, byteOffset + Number(gpa), Number(length))
        : undefined,
  };
}
