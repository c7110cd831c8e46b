// Runs a plan in a virtual machine of the system's. The virtual CPU has a thread of its own that also answers
// hypercalls; this thread opens what the guest uses, before, and closes it, after. docs/RATIONALE.md, "A thread for KVM".
import { closeSync } from "node:fs";
import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import { createCleanup, type Cleanup } from "../bytes/cleanup.js";
import { Solo5Error } from "../bytes/error.js";
import { openBlockFile } from "../host/any/block-file.js";
import { hostClock } from "../host/any/clock.js";
import { hostIsa } from "../host/any/host-isa.js";
import { say } from "../host/any/say.js";
import { workerOptions } from "../host/any/worker-options.js";
import { openDump } from "../host/any/capture-file.js";
import { openAttached, type OpenContext } from "../host/any/net/open.js";
import { thisHost } from "../host/this-host.js";
import { netOpeners } from "../host/net-openers.js";
import { relay } from "../host/posix/net/relay.js";
import { targets } from "../targets/registry.js";
import type { Plan } from "../tender/attach.js";
import type { Engine } from "../tender/engine.js";
import { withAddresses } from "../tender/entropy.js";
import { fitted } from "../tender/fit.js";
import { killed, type Ended } from "../tender/instrument.js";
import { signalled } from "../tender/running.js";
import type { HypervisorDriver } from "./contract.js";
import type { DebuggerLink, listenForDebugger } from "./debugger.js";
import { openEvent } from "./event.js";
import { hypervisors } from "./hypervisors.js";
import { createStopper, stopMemory, stopWords, type Stopper } from "./stop.js";
import { systemModule } from "./system.js";
import type { VcpuReport, VcpuWork } from "./vcpu-thread.js";

export const hypervisorEngine = (hypervisor: HypervisorDriver): Engine => ({
  targets: [...new Set(Object.values(hypervisor.targets).flat())],
  debugs: ["gdb", "dumpcore", "trace"],
  unsupportedReason({ unikernel: { target, isa }, devices }, insisted) {
    const { title } = hypervisor;
    if (process.platform !== hypervisor.platform)
      return `${title} is ${owners(title)}, and this is ${process.platform}`;
    if (!hypervisor.targets[isa].includes(target))
      return `a unikernel of the ${target} target does not run on ${title}`;
    if (isa !== hostIsa()) return `the unikernel is for ${isa}, this host is ${hostIsa() ?? process.arch}`;
    const block = devices.find((device) => device.type === "BLOCK_BASIC" && device.source.kind === "device");
    if (block !== undefined)
      return `block device '${block.name}' lives in this thread, where the virtual CPU's cannot wait for it`;
    return hypervisor.unsupportedReason(insisted);
  },

  start(plan, { reporter, console, debug = {}, isSolitary = false }) {
    const target = targets[plan.unikernel.target];
    if (target === undefined) throw new RangeError(`there is no target ${plan.unikernel.target}`);
    const cleanup = createCleanup();
    try {
      const { plan: guest, adjustment } = fitted(withAddresses(plan), target);
      if (adjustment !== undefined) say(reporter, adjustment);
      let outcome: Ended | undefined;
      let interrupt = (_status: number): void => {};
      const end = (how: Ended): void => {
        outcome ??= how;
        interrupt(outcome.status);
      };
      const context: OpenContext = {
        clock: hostClock,
        say: (line) => say(reporter, line),
        failed: (message) => end({ status: 1, message }),
      };
      const machine = {
        hypervisor: hypervisor.name,
        opened: hypervisor.open(cleanup),
        system: systemModule(),
      };
      const work = {
        ...prepare(guest, console === undefined, context, cleanup),
        ...machine,
        debug,
        reporter,
        // Whoever looks on, or moves its frames, has more to open.
        isConfined:
          isSolitary && Object.keys(debug).length === 0 && !guest.devices.some((device) => isRelayed(device)),
      };
      const link = debug.gdb === undefined ? undefined : debuggerLink(cleanup);
      const { stop, nudge, ended } = runWorker(hypervisor, { ...work, debugger: link?.link }, (data) =>
        console?.write(data),
      );
      interrupt = stop;
      if (outcome !== undefined) end(outcome);
      if (debug.gdb !== undefined && link !== undefined) {
        const { event } = link.link;
        const listening = {
          say: (line: string) => say(reporter, line),
          failed: (message: string) => end({ status: 1, message }),
        };
        void listen(debug.gdb, link.port, () => nudge(event), listening, cleanup);
      }
      const settled = ended.finally(cleanup.release).then((own) => outcome ?? own);
      return {
        memSize: guest.memSize,
        exited: settled,
        signal: (signal) => end(signalled(plan, signal)),
        stop: () => end(killed),
      };
    } catch (error) {
      cleanup.release();
      throw error;
    }
  },
});

/** As people call them. */
const systems: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "Linux",
  freebsd: "FreeBSD",
  openbsd: "OpenBSD",
};

/** Whose the hypervisors of that title are. */
const owners = (title: string): string =>
  Object.values(hypervisors)
    .filter((one) => one.title === title)
    .map(({ platform }) => `${systems[platform] ?? platform}'s`)
    .join(" and ");

/** Both ends of what this thread has to say to a debugger in the other one. */
function debuggerLink(cleanup: Cleanup): { readonly port: MessagePort; readonly link: DebuggerLink } {
  const { port1: port, port2 } = new MessageChannel();
  return { port, link: { port: port2, event: openEvent(cleanup) } };
}

/** Loads the debugger's part only where one is wanted. */
async function listen(...args: Parameters<typeof listenForDebugger>): Promise<void> {
  const [, , , , cleanup] = args;
  let isOver = false;
  cleanup.push(() => (isOver = true));
  const { listenForDebugger } = await import("./debugger.js");
  if (!isOver) listenForDebugger(...args);
}

/** Whether this process moves the frames of a device. */
const isRelayed = (device: Plan["devices"][number]): boolean =>
  device.type === "NET_BASIC" && device.source.kind !== "tap" && device.source.kind !== "descriptor";

/** Opens everything that the guest uses. Throws Solo5Error; `cleanup` closes it. */
function prepare(
  plan: Plan,
  stdout: boolean,
  context: OpenContext,
  cleanup: Cleanup,
): Omit<VcpuWork, "debug" | "reporter" | "hypervisor" | "opened" | "isConfined"> {
  const opened = (fd: number): number => {
    cleanup.push(() => closeSync(fd));
    return fd;
  };
  const { unikernel, memSize, cmdline, devices, execHeap } = plan;
  return {
    file: unikernel.file,
    name: unikernel.name,
    guest: { memSize, cmdline, execHeap },
    devices: devices.map((device) => {
      if (device.type === "BLOCK_BASIC") {
        if (device.source.kind === "device")
          throw new RangeError("the hypervisor was started although it cannot run this");
        return { ...device, source: undefined, fd: opened(openBlockFile(device.source.path)) };
      }
      const { source, dump: path, ...declared } = device;
      const dump = path === undefined ? undefined : { fd: openDump(path, cleanup), path };
      const frames = thisHost.openFrames(source, device.mtu);
      if (frames === undefined)
        return { ...declared, ...relay(openAttached(netOpeners, device, context, cleanup), cleanup), dump };
      opened(frames.fd);
      return { ...declared, ...frames, dump };
    }),
    stdout,
    wake: openEvent(cleanup),
    stop: stopMemory(),
  };
}

/** Guests that run. A process that exits stops them first, or it would wait for them to end. */
const stoppers = new Set<Stopper>();
const leave = (): void => {
  for (const { stop, release } of stoppers) {
    stop(killed.status);
    release();
  }
};

function track(stopper: Stopper): void {
  if (stoppers.size === 0) process.on("exit", leave);
  stoppers.add(stopper);
}

function untrack(stopper: Stopper): void {
  stoppers.delete(stopper);
  if (stoppers.size === 0) process.off("exit", leave);
}

/** Starts the thread; `ended` follows when it is gone. */
function runWorker(
  hypervisor: HypervisorDriver,
  work: VcpuWork,
  write: (data: Uint8Array) => void,
): Pick<Stopper, "stop" | "nudge"> & { readonly ended: Promise<Ended> } {
  const stopper = createStopper(hypervisor, stopWords(work.stop), work.wake);
  const worker = new Worker(new URL("./vcpu-thread.js", import.meta.url), {
    workerData: work,
    ...(work.debugger === undefined ? {} : { transferList: [work.debugger.port] }),
    ...workerOptions,
  });
  track(stopper);
  const ended = new Promise<Ended>((resolve, reject) => {
    let report: VcpuReport | undefined;
    let failure: unknown;
    worker.on("message", (message: VcpuReport | Uint8Array) => {
      if (message instanceof Uint8Array) {
        try {
          write(message);
        } catch (error) {
          failure ??= error;
          stopper.stop(killed.status);
        }
        return;
      }
      report = message;
      stopper.release();
    });
    worker.on("error", (error) => (failure ??= error));
    worker.on("exit", () => {
      untrack(stopper);
      if (failure !== undefined) reject(failure as Error);
      else if (report === undefined)
        reject(
          new Solo5Error(
            hypervisor.errorCode,
            `${hypervisor.title}: the virtual CPU's thread ended by itself`,
          ),
        );
      else if ("failed" in report) reject(new Solo5Error(report.failed.code, report.failed.message));
      else resolve(report.ended);
    });
  });
  return { stop: stopper.stop, nudge: stopper.nudge, ended };
}
