// The self-tests of spt compiled for aarch64, on the engine of our own.
import { guestOf } from "../replays.js";
import { memoryDisk } from "../memory-disk.js";
import { targetCases } from "../target.cases.js";

targetCases({
  target: "spt",
  isa: "aarch64",
  guest: ({ args = [], options = () => [] }, file, memSize) => {
    const blockSize = options("").some((option) => option.endsWith("=4096")) ? 4096 : 512;
    const block = memoryDisk(blockSize);
    const guest = guestOf(
      file,
      ({ devices }) =>
        devices.map((device) => ({ ...device, type: "BLOCK_BASIC", capacity: block.capacity, blockSize })),
      args.join(" "),
    );
    const blocks = new Map(guest.devices.map(({ handle }) => [handle, block]));
    return { guest: { ...guest, memSize }, host: { blocks } };
  },
});
