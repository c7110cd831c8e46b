// Guest memory that the virtual CPU and this process share without a copy: one memory object, mapped twice. The guest's
// mapping carries the protection of its segments, which the hypervisor honours; ours is always readable and writable, so that no
// address of a guest's can make this process fault.
import { mmapProt } from "../abi/linux/syscalls.js";
import { Solo5Error } from "../bytes/error.js";
import type { Protection } from "../engine/contract.js";
import { isInside, type GuestMemory } from "../image/memory.js";
import { checked, system } from "./system.js";

export interface SharedMemory extends GuestMemory {
  /** Address of the mapping that the hypervisor gets. */
  readonly address: bigint;
  /** Protects the guest's mapping. Nothing can be executable there: hypervisors ask for readable and writable only. */
  protect(protections: readonly Protection[]): void;
  /** Unmaps; no view may be used afterwards. */
  [Symbol.dispose](): void;
}

/** `size` bytes of zeros, a multiple of the page size; they take space as the guest touches them. Throws Solo5Error. */
export function sharedMemory(size: number): SharedMemory {
  const sys = system();
  const [address, own] = mapTwice(size);
  const { buffer, byteOffset } = sys.bytesAt(own, size);
  return {
    size,
    address,
    bytes: (gpa, length) =>
      isInside(size, gpa, length)
        ? new Uint8Array(buffer, byteOffset + Number(gpa), Number(length))
        : undefined,
    protect(protections) {
      for (const { start, end, read, write, execute } of protections) {
        const prot = (read || execute ? mmapProt.read : 0) | (write ? mmapProt.write : 0);
        checked(sys.protect(address + BigInt(start), end - start, prot), "mprotect");
      }
    },
    [Symbol.dispose]() {
      sys.unmap(address, size);
      sys.unmap(own, size);
    },
  };
}

function mapTwice(size: number): readonly [bigint, bigint] {
  const sys = system();
  const fd = checked(sys.memoryObject(), "memfd_create");
  try {
    sys.truncate(fd, size);
    const address = mapped(fd, size);
    try {
      return [address, mapped(fd, size)];
    } catch (error) {
      sys.unmap(address, size);
      throw error;
    }
  } catch (cause) {
    throw new Solo5Error("NO_MEMORY", `cannot map ${size} bytes of guest memory`, { cause });
  } finally {
    sys.close(fd);
  }
}

/** Maps `size` bytes of `fd` for reading and writing. Throws Solo5Error. */
export function mapped(fd: number, size: number): bigint {
  const address = system().map(fd, size);
  if (address === undefined) checked(-1, "mmap");
  return address ?? 0n;
}
