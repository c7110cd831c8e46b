// The launch list of an spt plan: from the process that the kernel made to the unikernel alone behind its filter.
// docs/abi.md 4; docs/RATIONALE.md gives reasons.
import { alignUp, pageSize } from "../../bytes/align.js";
import { encode } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import { guestMinBase } from "../../abi/start.js";
import { bootInfoBase, epollEvent, stackGap, timerDatum } from "../../abi/spt.js";
import type { Plan } from "../../tender/attach.js";
import { sptRules } from "../../targets/spt/rules.js";
import { inheritedDescriptors } from "../kernel-nets.js";
import { seccompProgram } from "../seccomp.js";
import * as linux from "../../abi/linux/syscalls.js";
import { attachBlock, attachNet } from "./attach-steps.js";
import { bootData } from "../../targets/spt/layout.js";
import { createDescriptors, type ForetoldDescriptors } from "./descriptors.js";
import type { Finish, LaunchList, LaunchStep } from "./step.js";

export interface LaunchOptions {
  /** What messages begin with, `: ` included. */
  readonly prefix: string;
  /** The process's name in ps and /proc, which the kernel cuts to 15 bytes. */
  readonly processName: string;
  /** A file to remove at the start: the executable itself, where it is only temporary. */
  readonly unlink?: string | undefined;
  /** Signals that stay ignored, by number. */
  readonly ignoredSignals?: readonly number[] | undefined;
  /** Ends with the thread that started it, however that ends: what serves its devices is gone then. */
  readonly dependent?: boolean | undefined;
  /** Descriptors that are open at the start and stay, beside the standard ones and those of networks. */
  readonly inherited?: readonly number[] | undefined;
  /** Those among them that are open on disks, by path: a disk is opened at the start otherwise. */
  readonly disks?: ReadonlyMap<string, number> | undefined;
  /** What is done when all else is, before the filter closes. */
  readonly last?: readonly LaunchStep[] | undefined;
}

export interface Launch {
  readonly list: LaunchList;
  /** Whole pages for guest address 0x11000. */
  readonly bootData: Uint8Array;
}

export function launch(
  plan: Plan,
  {
    prefix,
    processName,
    unlink,
    ignoredSignals = [],
    dependent = false,
    inherited = [],
    disks,
    last = [],
  }: LaunchOptions,
): Launch {
  const { unikernel } = plan;
  const { isa } = unikernel;
  const descriptors = createDescriptors([...inheritedDescriptors(plan.devices), ...inherited]);
  const steps: LaunchStep[] = [...resetSignals(ignoredSignals), ...closeOthers(descriptors)];
  if (dependent) {
    const args = [linux.prctlOp.setPdeathsig, linux.signal.kill, 0, 0, 0];
    steps.push({ op: "call", call: "prctl", args, fail: "prctl PR_SET_PDEATHSIG" });
  }
  if (unlink !== undefined) {
    steps.push({ op: "call", call: "unlinkat", args: [linux.atFdcwd, { data: withNul(unlink) }, 0] });
  }
  steps.push({
    op: "call",
    call: "prctl",
    args: [linux.prctlOp.setName, { data: withNul(processName) }, 0, 0, 0],
  });

  const epollfd = descriptors.open();
  const timerfd = descriptors.open();
  steps.push(
    { op: "call", call: "epoll_create1", args: [0], fail: "epoll_create1", expect: BigInt(epollfd) },
    {
      op: "call",
      call: "timerfd_create",
      args: [linux.clockMonotonic, linux.timerfdNonBlock],
      fail: "timerfd_create",
      expect: BigInt(timerfd),
    },
  );
  const watch = (fd: number, data: bigint): LaunchStep => {
    const event = { data: encode(epollEvent[isa], { events: linux.epollIn, data }) };
    return {
      op: "call",
      call: "epoll_ctl",
      args: [epollfd, linux.epollAdd, fd, event],
      fail: `epoll_ctl of descriptor ${fd}`,
    };
  };
  steps.push(watch(timerfd, timerDatum));

  const numbers = new Map<number, number>();
  const nets: number[] = [];
  const blocks: { fd: number; blockSize: number; capacity: bigint }[] = [];
  for (const device of plan.devices) {
    const opened =
      device.type === "NET_BASIC" ? attachNet(device, descriptors) : attachBlock(device, descriptors, disks);
    numbers.set(device.handle, opened.fd);
    steps.push(...opened.steps);
    if (device.type === "NET_BASIC") {
      nets.push(opened.fd);
      steps.push(watch(opened.fd, BigInt(device.handle)));
    } else {
      blocks.push({ fd: opened.fd, blockSize: device.blockSize, capacity: device.capacity });
    }
  }
  steps.push(...mapMemory(plan), ...last);
  return {
    bootData: bootData(plan, { epollfd, timerfd, devices: numbers }),
    list: {
      prefix,
      steps,
      finish: {
        ...finishOf(plan),
        filter: seccompProgram(isa, sptRules(isa, { epollfd, timerfd, nets, blocks })),
      },
    },
  };
}

export const finishOf = ({ unikernel, memSize }: Plan): Omit<Finish, "filter"> => ({
  memEnd: alignUp(memSize, pageSize),
  entry: unikernel.entry,
  stackPointer: memSize - stackGap[unikernel.isa],
  bootInfo: bootInfoBase,
});

/** What a parent such as Node leaves changed: ignored signals, a mask. */
function resetSignals(ignored: readonly number[]): readonly LaunchStep[] {
  const { pipe, xfsz } = linux.signal;
  // struct sigaction, all zero: the default action. An empty signal mask is zero as well.
  const zeros = { data: new Uint8Array(32) };
  const ignore = { data: Uint8Array.from(zeros.data, (_, i) => (i === 0 ? linux.sigIgn : 0)) };
  const set = (signal: number, action: { readonly data: Uint8Array }): LaunchStep => ({
    op: "call",
    call: "rt_sigaction",
    args: [signal, action, 0, linux.sigsetSize],
    fail: "rt_sigaction",
  });
  return [
    set(pipe, zeros),
    set(xfsz, zeros),
    ...ignored.map((signal) => set(signal, ignore)),
    {
      op: "call",
      call: "rt_sigprocmask",
      args: [linux.sigSetmask, zeros, 0, linux.sigsetSize],
      fail: "rt_sigprocmask",
    },
  ];
}

/** Standard descriptors that are closed become /dev/null, so that numbers can be foretold; then nothing else stays. */
function closeOthers(descriptors: ForetoldDescriptors): readonly LaunchStep[] {
  const nothing: LaunchStep = {
    op: "call",
    call: "openat",
    args: [linux.atFdcwd, { data: withNul("/dev/null") }, linux.open.readWrite, 0],
  };
  const closing = descriptors.gaps().map(([first, last]): LaunchStep => ({
    op: "call",
    call: "close_range",
    args: [first, last, 0],
    fail: "close_range, which came with Linux 5.9",
  }));
  return [nothing, nothing, nothing, ...closing];
}

/** Everything between the image's segments and the end of memory is heap and stack. */
export function mapMemory({ unikernel, memSize, execHeap }: Plan): readonly LaunchStep[] {
  const { mmapProt: prot, mmapFlag: flag } = linux;
  const protection = prot.read | prot.write | (execHeap ? prot.execute : 0);
  const flags = flag.private | flag.anonymous | flag.fixed | flag.noReserve;
  const steps: LaunchStep[] = [];
  const map = (from: number, to: number): void => {
    if (from >= to) return;
    steps.push({
      op: "call",
      call: "mmap",
      args: [from, to - from, protection, flags, -1, 0],
      fail: `mmap of ${to - from} bytes of memory`,
    });
  };
  let end = guestMinBase;
  for (const segment of unikernel.segments) {
    map(end, Math.floor(segment.vaddr / pageSize) * pageSize);
    end = alignUp(segment.vaddr + segment.data.length, pageSize);
  }
  map(end, alignUp(memSize, pageSize));
  return steps;
}
