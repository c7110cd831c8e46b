// The notes that make an ELF file a unikernel: which target and version it was built for (ABI1) and which devices
// it declares (MFT1). docs/abi.md 1.2 and 1.3.
import { array, bytes, struct, u16, u32, u64, u8 } from "../bytes/struct.js";

export const noteName = "Solo5";
export const noteType = { abi1: 0x31494241, mft1: 0x3154464d } as const;

export const abi1 = struct(16, { target: u32, version: u32, reserved: array(u32, 2) });

/** Targets by their number in the ABI1 note, with the ABI versions ever published. 5 stays reserved for genode. */
export const targets = {
  hvt: { number: 1, versions: [1, 2] },
  spt: { number: 2, versions: [1, 2] },
  virtio: { number: 3, versions: [1] },
  muen: { number: 4, versions: [1, 2, 3, 4] },
  genode: { number: 5, versions: [1] },
  xen: { number: 6, versions: [1] },
} as const;
/** The targets, by the names that Solo5 has for them. */
export type TargetName = keyof typeof targets;

/** The first four bytes of an MFT1 descriptor pad its content to 8 bytes. */
export const mftPadding = 4;
export const mftHeader = struct(8, { version: u32, entries: u32 });
export const mftVersion = 1;

/** One manifest entry, as the file holds it (for a block device: capacity in bytes, blockSize in bytes). */
export const mftEntry = struct(104, {
  name: bytes(68),
  type: u32,
  /** u64 capacity of a block device; mac[6] and u16 mtu of a network device: see `mftBlock` and `mftNet`. */
  device: bytes(16),
  hostfd: u64,
  attached: u8,
  pad: bytes(7),
});
export const mftBlock = struct(16, { capacity: u64, blockSize: u16 });
export const mftNet = struct(8, { mac: bytes(6), mtu: u16 });

export const deviceType = { BLOCK_BASIC: 1, NET_BASIC: 2 } as const;
/** The types of devices, as manifests have them. */
export type DeviceType = keyof typeof deviceType;
/** Entry 0 of every manifest is of this type and has no name. */
export const mftReservedFirst = 1 << 30;
/** Entries with the reserved first one; a device's handle is its index. */
export const mftMaxEntries = 64;
export const deviceNameMax = 67;
/** The reference reads no more of a descriptor: docs/abi.md 1.4. */
export const noteDescMax = { abi1: 32, mft1: 6668 } as const;
