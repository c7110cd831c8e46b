// A disk that boots a virtio unikernel on any PC's firmware: a partition table, boot code, and one partition that holds
// the unikernel as it lies in memory. There is no file system: nothing but the boot code (guest/boot/disk.S) reads it,
// and it knows the sectors. Sources: the classical partition table (a "generic MBR"), types as in fdisk(8).
import { alignUp } from "../bytes/align.js";
import { Solo5Error } from "../bytes/error.js";
import { struct, u32, u64, u8, viewOf, bytes } from "../bytes/struct.js";
import { withNul } from "../bytes/text.js";
import type { MultibootImage } from "../image/multiboot.js";

const sectorSize = 512;

/** Google Compute Engine takes disks of whole gibibytes. */
export const diskSize = 1 << 30;

/** Where partitioning tools begin the first one; between it and the boot record lies the loader. */
const partitionStart = 2048;

/** What the loader finds at its beginning: guest/boot/disk.S. Sectors count from the disk's beginning. */
const parameters = struct(32, {
  kernelLba: u64,
  kernelSectors: u32,
  loadAddr: u32,
  loadEnd: u32,
  bssEnd: u32,
  entry: u32,
});
const parametersOffset = sectorSize;
const commandLineOffset = 9 * sectorSize;
const commandLineSize = 16 * sectorSize;

const partitionEntry = struct(16, {
  /** 0x80 for the one that is booted. */
  active: u8,
  first: bytes(3),
  type: u8,
  last: bytes(3),
  lba: u32,
  sectors: u32,
});
const partitionTable = 446;
/** "Non-FS data": nobody looks for a file system. */
const partitionType = 0xda;

/** A part of the disk that is not zero; offsets and lengths are multiples of a sector. */
export interface Extent {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** What a loader calls the unikernel: the first word of its command line, which the bindings skip. */
const kernelName = "unikernel";

/** The disk of `size` bytes, as ascending extents. Throws Solo5Error `IMAGE`. */
export function diskImage(
  kernel: MultibootImage,
  args: readonly string[],
  bootCode: Uint8Array,
  size = diskSize,
): readonly Extent[] {
  const commandLine = withNul([kernelName, ...args].join(" "));
  if (commandLine.length > commandLineSize) {
    const most = commandLineSize - kernelName.length - 2;
    throw new Solo5Error("IMAGE", `error: the arguments are too long (max=${most} bytes)`);
  }
  const partitionSectors = size / sectorSize - partitionStart;
  const kernelSectors = Math.ceil(kernel.data.length / sectorSize);
  if (kernelSectors > partitionSectors) {
    const room = partitionSectors * sectorSize;
    throw new Solo5Error(
      "IMAGE",
      `error: the unikernel of ${kernel.data.length} bytes does not fit into the partition of ${room} bytes`,
    );
  }
  const boot = new Uint8Array(commandLineOffset + alignUp(commandLine.length, sectorSize));
  boot.set(bootCode);
  boot.set(commandLine, commandLineOffset);
  parameters.write(viewOf(boot), parametersOffset, {
    kernelLba: BigInt(partitionStart),
    kernelSectors,
    loadAddr: kernel.loadAddr,
    loadEnd: kernel.loadAddr + kernel.data.length,
    bssEnd: kernel.bssEnd,
    entry: kernel.entry,
  });
  partitionEntry.write(viewOf(boot), partitionTable, {
    active: 0x80,
    first: cylinderHeadSector(partitionStart),
    type: partitionType,
    last: cylinderHeadSector(partitionStart + partitionSectors - 1),
    lba: partitionStart,
    sectors: partitionSectors,
  });
  const partition = new Uint8Array(kernelSectors * sectorSize);
  partition.set(kernel.data);
  return [
    { offset: 0, data: boot },
    { offset: partitionStart * sectorSize, data: partition },
  ];
}

/** A sector's address as tools still want it, by the usual geometry; far ones have one address for all. */
function cylinderHeadSector(lba: number): Uint8Array {
  const [heads, sectors] = [255, 63];
  const cylinder = Math.floor(lba / (heads * sectors));
  if (cylinder > 1023) return Uint8Array.of(0xfe, 0xff, 0xff);
  const head = Math.floor(lba / sectors) % heads;
  return Uint8Array.of(head, ((cylinder >> 2) & 0xc0) | ((lba % sectors) + 1), cylinder & 0xff);
}
