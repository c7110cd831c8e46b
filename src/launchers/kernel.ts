// The unikernel that the virtio tools are given: any that a multiboot loader can load, with a word for one of another
// target.
import { Solo5Error } from "../bytes/error.js";
import { readElf } from "../image/elf.js";
import { readMultiboot, type MultibootImage } from "../image/multiboot.js";
import { readAbi } from "../image/unikernel.js";
import { readFile } from "../host/any/files.js";

/** Throws Solo5Error `OPEN`, `TARGET`, `NOT_MULTIBOOT`. */
export function readKernel(path: string): MultibootImage {
  const file = readFile(path);
  try {
    return readMultiboot(file, path);
  } catch (error) {
    const target = targetOf(file, path);
    if (target === undefined || target === "virtio") throw error;
    throw new Solo5Error("TARGET", `${path}: is for the ${target} target, not for virtio`, { cause: error });
  }
}

/** What the file says it is for; undefined where it says nothing that can be read. */
function targetOf(file: Uint8Array, path: string): string | undefined {
  try {
    return readAbi(readElf(file, path), path).target;
  } catch {
    return undefined;
  }
}
