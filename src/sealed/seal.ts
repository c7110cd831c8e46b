// Seals a plan: a static Linux executable that is the spt unikernel, with what a tender would have done at its start
// as a list of system calls. No tender, no libc, no loader is left at run time. docs/architecture.md.
import { alignUp, pageSize } from "../bytes/align.js";
import { Solo5Error } from "../bytes/error.js";
import { guestMinBase } from "../abi/start.js";
import { bootInfoBase } from "../abi/spt.js";
import type { LoadSegment } from "../image/elf.js";
import { bootData } from "../targets/spt/layout.js";
import type { Plan } from "../tender/attach.js";
import { writeExecutable, type WritableSegment } from "./elf-writer.js";
import { hostedNet } from "./kernel-nets.js";
import { finishOf, launch, mapMemory, type Launch, type LaunchOptions } from "./launch/list.js";
import { launchBase, launchPage } from "./launch/page.js";

/** The executable's bytes. Throws Solo5Error for a plan that cannot be sealed. */
export function seal(plan: Plan, options: LaunchOptions): Uint8Array {
  const { unikernel, devices } = plan;
  if (unikernel.target !== "spt") {
    throw new Solo5Error("TARGET", `${unikernel.name}: Executable is not for the solo5-spt target`);
  }
  const hosted = hostedNet(devices) ?? devices.find(({ source }) => source.kind === "device")?.name;
  if (hosted !== undefined) {
    throw new Solo5Error(
      "SEAL",
      `Device '${hosted}' needs a host process beside the unikernel, which a sealed one does not have: use solo5 run`,
    );
  }
  return executable(plan, launch(plan, options));
}

/** A unikernel that is a process with all the rights of its user, whom nothing confines: a program of our own. */
export function processOf(plan: Plan): Uint8Array {
  const nothing = { epollfd: -1, timerfd: -1, devices: new Map<number, number>() };
  return executable(plan, {
    bootData: bootData(plan, nothing),
    list: { prefix: "", steps: mapMemory(plan), finish: { ...finishOf(plan), filter: undefined } },
  });
}

function executable({ unikernel, devices }: Plan, { list, bootData }: Launch): Uint8Array {
  const { page, entry } = launchPage(unikernel.isa, list);
  if (launchBase + page.length > guestMinBase) {
    throw new Solo5Error(
      "SEAL",
      `${unikernel.name}: the launch of ${devices.length} devices takes ${page.length} bytes, 65536 at most`,
    );
  }
  return writeExecutable({
    isa: unikernel.isa,
    entry,
    segments: [
      { vaddr: bootInfoBase, data: bootData, read: true, write: true, execute: false },
      { vaddr: launchBase, data: page, read: true, write: false, execute: true },
      ...unikernel.segments.map(wholePages),
    ],
    describedBy: unikernel.file,
  });
}

/** `seal` for a file that is called as the unikernel's, without the target. */
export function sealedFile(plan: Plan): Uint8Array {
  const name = plan.unikernel.name.replace(/^.*\//s, "").replace(/\.spt$/, "");
  return seal(plan, { prefix: `${name}: `, processName: name });
}

/** A segment from its page's start to the end of its last page with bytes of the file; what follows is mapped as memory. */
function wholePages(segment: LoadSegment): WritableSegment {
  const vaddr = Math.floor(segment.vaddr / pageSize) * pageSize;
  const data = new Uint8Array(alignUp(segment.vaddr + segment.data.length, pageSize) - vaddr);
  data.set(segment.data, segment.vaddr - vaddr);
  return { ...segment, vaddr, data };
}
