// The other end of a domain's console: what the guest writes to the ring is shown when it says so. docs/abi.md 11.4.
import { consolePage } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { viewOf } from "../../../bytes/struct.js";
import type { Console } from "../../../device/contract.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { DeviceTrace } from "../../contract.js";

const carriageReturn = 0x0d;

/** Shows all that is in the ring at `gpa`; a ring whose counts are wrong is emptied. `heard` is given the same. */
export function drainConsole(
  memory: GuestMemory,
  gpa: number,
  console: Console,
  deviceTrace: DeviceTrace,
  heard: (text: Uint8Array) => void,
): void {
  const page = memory.bytes(gpa, pageSize);
  if (page === undefined) return;
  const view = viewOf(page);
  const { out, outSize, outCons, outProd } = consolePage;
  const [from, to] = [view.getUint32(outCons, true), view.getUint32(outProd, true)];
  const count = (to - from) >>> 0;
  view.setUint32(outCons, to, true);
  if (count === 0 || count > outSize) return;
  const bytes = Uint8Array.from({ length: count }, (_, i) => page[out + ((from + i) % outSize)] ?? 0);
  // A terminal's carriage returns are for consoles that show what comes as it is.
  const text = bytes.filter((byte) => byte !== carriageReturn);
  deviceTrace?.({ device: "console", name: "write", args: [text, text.length], results: [] });
  console.write(text);
  heard(text);
}
