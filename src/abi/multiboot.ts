// The header by which a boot loader knows a virtio unikernel, and where it wants to be loaded. Multiboot 0.6.96,
// section 3.1; docs/abi.md 5.1.
import { struct, u32 } from "../bytes/struct.js";

/** Addresses are physical. */
export const multibootHeader = struct(32, {
  magic: u32,
  flags: u32,
  /** Makes the three add up to 0. */
  checksum: u32,
  headerAddr: u32,
  loadAddr: u32,
  /** The end of what is loaded; 0 for the end of the file. */
  loadEndAddr: u32,
  /** The end of what is zeroed behind it; 0 for nothing. */
  bssEndAddr: u32,
  entryAddr: u32,
});

export const multibootMagic = 0x1badb002;
/** The header lies within so many bytes, at a multiple of 4. */
export const multibootSearch = 8192;
/** Modules on pages, information about memory, addresses in the header. A loader that does not know a lower one must not go on. */
export const multibootFlag = { pageAlign: 1 << 0, memoryInfo: 1 << 1, addresses: 1 << 16 } as const;
