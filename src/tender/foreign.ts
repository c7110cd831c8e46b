// Between a guest and objects that are not ours: what they are given is a copy, theirs to keep, to change and to send
// elsewhere. A view would change under their hands, and cloning it would clone the guest's whole memory. Frames are copies
// as targets send them.
import { result } from "../abi/start.js";
import type { BlockDevice, Console } from "../device/contract.js";

const copy = (data: Uint8Array): Uint8Array => new Uint8Array(data);

export const foreignConsole = (console: Console): Console => ({ write: (data) => console.write(copy(data)) });

export const foreignBlock = (block: BlockDevice): BlockDevice => ({
  capacity: block.capacity,
  blockSize: block.blockSize,
  read(offset, into) {
    const data = new Uint8Array(into.length);
    const outcome = block.read(offset, data);
    if (outcome === result.ok) into.set(data);
    return outcome;
  },
  write: (offset, data) => block.write(offset, copy(data)),
  close: () => block.close(),
});
