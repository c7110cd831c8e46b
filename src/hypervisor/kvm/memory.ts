// Guest memory that the virtual CPU and this process share without a copy: one memory object, mapped twice. The guest's
// mapping carries the protection of its segments, which KVM honours; ours is always readable and writable, so that no
// address of a guest's can make this process fault.
import { withNul } from "../../bytes/text.js";
import { closeSync, ftruncateSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import type { Protection } from "../../engine/contract.js";
import { isInside, type GuestMemory } from "../../image/memory.js";
import { strerror } from "../../abi/linux/errno.js";
import { check, libc } from "../../host/linux/libc.js";
import { mmapProt } from "../../abi/linux/syscalls.js";

const memfdCloexec = 1;
const mapShared = 1;
const failed = 0xffff_ffff_ffff_ffffn;

export interface KvmMemory extends GuestMemory {
  /** Address of the mapping that KVM gets. */
  readonly address: bigint;
  /** Protects the guest's mapping. Nothing can be executable there: KVM knows readable and writable only. */
  protect(protections: readonly Protection[]): void;
  /** Unmaps; no view may be used afterwards. */
  [Symbol.dispose](): void;
}

/** Maps `size` bytes of `fd` for reading and writing. Throws Solo5Error. */
export function map(fd: number, size: number): bigint {
  const address = libc().mmap(null, size, mmapProt.read | mmapProt.write, mapShared, fd, 0);
  if (BigInt.asUintN(64, address) === failed)
    throw new Solo5Error("SYSCALL", `mmap: ${strerror(libc().errno())}`);
  return address;
}

/** `size` bytes of zeros, a multiple of the page size; they take space as the guest touches them. */
export function kvmMemory(size: number): KvmMemory {
  const c = libc();
  const fd = check(c.memfd_create(withNul("solo5-guest"), memfdCloexec), "memfd_create");
  let address: bigint;
  let own: bigint;
  try {
    ftruncateSync(fd, size);
    address = map(fd, size);
    own = map(fd, size);
  } catch (cause) {
    throw new Solo5Error("NO_MEMORY", `cannot map ${size} bytes of guest memory`, { cause });
  } finally {
    closeSync(fd);
  }
  const { buffer, byteOffset } = c.view(own, size);
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
        check(c.mprotect(address + BigInt(start), end - start, prot), "mprotect");
      }
    },
    [Symbol.dispose]() {
      c.munmap(address, size);
      c.munmap(own, size);
    },
  };
}
