// Reads what a multiboot loader would load of a file: Multiboot 0.6.96, section 3.1. The file is not trusted.
import { Solo5Error } from "../bytes/error.js";
import { viewOf } from "../bytes/struct.js";
import { hex } from "../bytes/text.js";
import { multibootFlag, multibootHeader, multibootMagic, multibootSearch } from "../abi/multiboot.js";

/** What is loaded, and where. Addresses and sizes in bytes. */
export interface MultibootImage {
  readonly loadAddr: number;
  /** Lies at `loadAddr`; a view of the file. */
  readonly data: Uint8Array;
  /** The end of the memory behind `data` that is zero. */
  readonly bssEnd: number;
  /** In 32-bit protected mode. */
  readonly entry: number;
}

/** Throws Solo5Error `NOT_MULTIBOOT`. */
export function readMultiboot(file: Uint8Array, name: string): MultibootImage {
  const fail = (why: string): Solo5Error => new Solo5Error("NOT_MULTIBOOT", `${name}: ${why}`);
  const at = findMultiboot(file);
  if (at === undefined) {
    throw fail("there is no multiboot header: is it a unikernel for the virtio target?");
  }
  const header = multibootHeader.read(viewOf(file), at);
  const { pageAlign, memoryInfo, addresses } = multibootFlag;
  if ((header.flags & addresses) === 0) throw fail("the multiboot header has no load addresses");
  if ((header.flags & 0xffff & ~(pageAlign | memoryInfo)) !== 0) {
    throw fail(`the multiboot header asks for what is not known: flags ${hex(header.flags)}`);
  }
  const { headerAddr, loadAddr, loadEndAddr, bssEndAddr, entryAddr } = header;
  const start = at - (headerAddr - loadAddr);
  const size = loadEndAddr === 0 ? file.length - start : loadEndAddr - loadAddr;
  if (loadAddr > headerAddr || start < 0 || size <= 0 || start + size > file.length) {
    throw fail(
      `the multiboot header wants ${hex(loadAddr)} to ${hex(loadAddr + size)} loaded, which the file has not`,
    );
  }
  const loadEnd = loadAddr + size;
  if (bssEndAddr !== 0 && bssEndAddr < loadEnd) {
    throw fail(`the multiboot header ends memory at ${hex(bssEndAddr)}, before what is loaded`);
  }
  if (entryAddr < loadAddr || entryAddr >= loadEnd) {
    throw fail(`the multiboot header's entry ${hex(entryAddr)} is not in what is loaded`);
  }
  const data = file.subarray(start, start + size);
  return { loadAddr, data, bssEnd: Math.max(bssEndAddr, loadEnd), entry: entryAddr };
}

/** Where the header is; undefined where there is none. */
export function findMultiboot(file: Uint8Array): number | undefined {
  const view = viewOf(file);
  const last = Math.min(file.length, multibootSearch) - multibootHeader.size;
  for (let at = 0; at <= last; at += 4) {
    if (view.getUint32(at, true) !== multibootMagic) continue;
    const sum = multibootMagic + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 2 ** 32 === 0) return at;
  }
  return undefined;
}
