// create: everything is made but the start. What is made is written down first, so that whatever kills this, `delete` finds it.
import { closeSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { memoryExecutable } from "../host/linux/exec.js";
import { hostCall } from "../host/linux/host-call.js";
import { hostIsa } from "../host/any/host-isa.js";
import { nativeUnsupportedReason } from "../host/linux/unsupported.js";
import { seal } from "../sealed/seal.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import type { Unikernel } from "../image/unikernel.js";
import type { ContainerBundle } from "./bundle.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";
import { isHostRoot } from "./call.js";
import { enterScope, scopeOf } from "./cgroup/systemd.js";
import { slicePath } from "./cgroup/slices.js";
import {
  asksForLimits,
  enterCgroups,
  makeCgroups,
  mayMakeCgroups,
  noCgroups,
  planCgroups,
  setLimits,
  type Cgroups,
} from "./cgroup/cgroupfs.js";
import { openDevices } from "./devices/open.js";
import { runHooks } from "./hooks.js";
import { hostedProgram } from "./hosted-program.js";
import type { Log } from "./log.js";
import { startProcess, type Standard } from "./prologue/container-process.js";
import { epilogue } from "./prologue/epilogue.js";
import { mapIds } from "./prologue/id-mappings.js";
import { writeQuick } from "./quick.js";
import { readNamespaces, type Namespaces } from "./prologue/namespaces.js";
import { descriptorsMax, forks, prologue, startDescriptors } from "./prologue/prologue.js";
import { setTimeOffsets } from "./prologue/time-offsets.js";
import { identify } from "./process.js";
import { setRlimits } from "./rlimits.js";
import { claim, fifoOf, newContainer, stateObject, writeContainer, type Container } from "./state.js";
import { setSysctl } from "./sysctl.js";
import { openTerminal } from "./terminal.js";
import { destroy } from "./destroy.js";

export interface CreateRequest {
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  readonly pidFile?: string | undefined;
  readonly consoleSocket?: string | undefined;
  /** Whether cgroups are to be systemd's. */
  readonly isSystemd?: boolean;
  readonly log: Log;
}

/** Makes the container of a unikernel. Throws Solo5Error; nothing stays then. */
export async function create(
  { folder, rootfs, config }: ContainerBundle,
  unikernel: Unikernel,
  request: CreateRequest,
): Promise<Container> {
  const { root, id } = request;
  checkHost(unikernel);
  const namespaces = readNamespaces(config);
  const cgroupsPath = config.linux?.cgroupsPath ?? "";
  const path = cgroupsPath === "" ? `/solo5-${id}` : slicePath(cgroupsPath);
  const resources = config.linux?.resources ?? {};
  // Who is not root has the cgroup that they are in, where nothing else is asked for.
  const hasCgroups = cgroupsPath !== "" || asksForLimits(resources) || mayMakeCgroups();
  // systemd makes its own when the process is there.
  const isSystemd = request.isSystemd ?? false;
  const cgroups = hasCgroups && !isSystemd ? planCgroups(path) : noCgroups;
  const container: Container = {
    ...newContainer(id, { folder, rootfs, config }),
    cgroups: cgroups.made,
    freezer: cgroups.freezer,
    namespaces: [...namespaces.joined.map(({ type }) => type), ...namespaces.made].filter(
      (type) => type !== "pid" && type !== "time",
    ),
  };
  claim(root, container);
  try {
    if (hasCgroups && !isSystemd) makeCgroups(path, resources);
    return fill(container, cgroups, config, unikernel, namespaces, request);
  } catch (error) {
    await destroy(root, id, request.log);
    throw error;
  }
}

/** What the process gets behind its image, by its own numbers; its devices follow. */
const numbers = { fifo: startDescriptors.received + 1, kernel: startDescriptors.received + 2 } as const;

/** Whether the unikernel can run here: as a process, or on solo5-hvt. */
function checkHost(unikernel: Unikernel): void {
  const { isa, target } = unikernel;
  const reason =
    target !== "hvt"
      ? nativeUnsupportedReason({ unikernel, devices: [] })
      : isa === hostIsa()
        ? undefined
        : `the unikernel is for ${isa}, this host is ${hostIsa() ?? process.arch}`;
  if (reason !== undefined) throw configError("process.args", `${unikernel.name}: ${reason}`);
}

function fill(
  container: Container,
  cgroups: Cgroups,
  config: Config,
  unikernel: Unikernel,
  namespaces: Namespaces,
  { root, id, consoleSocket, pidFile, isSystemd, log }: CreateRequest,
): Container {
  const { rootfs } = container;
  const name = basename(config.process.args[0] ?? "");
  const program = prologue({
    isa: unikernel.isa,
    namespaces,
    name,
    hostname: config.hostname,
    domainname: config.domainname,
    rootfs,
    hasTerminal: config.process.terminal ?? false,
    // Node has its files outside of the rootfs.
    changesRoot: unikernel.target === "spt",
  });
  const standard = standardDescriptors(config, consoleSocket);
  const started = startProcess(program, name, standard);
  if (standard[0] !== 0) closeSync(standard[0]);
  let known: Container = { ...container, init: identify(started.pid) };
  writeContainer(root, known);
  if (isSystemd === true) {
    const resources = config.linux?.resources ?? {};
    const isUser = !isHostRoot();
    const scope = scopeOf(config.linux?.cgroupsPath ?? "", id, isUser);
    const entered = enterScope(scope, started.pid, resources, isUser);
    known = { ...known, cgroups: entered.made, freezer: entered.freezer };
    writeContainer(root, known);
    setLimits(entered.folders, resources);
  } else enterCgroups(cgroups, started.pid);
  const { oomScoreAdj } = config.process;
  if (oomScoreAdj !== undefined) setOomScore(started.pid, oomScoreAdj, log);
  setRlimits(started.pid, config, log.info);
  started.go();
  let word = started.hear();
  if (word === "m") {
    mapIds(started.pid, config);
    started.go();
    word = started.hear();
  }
  if (word === "t") {
    setTimeOffsets(started.pid, config);
    started.go();
    word = started.hear();
  }
  if (forks(namespaces)) {
    if (typeof word !== "object") throw new RangeError(`the process says ${word}`);
    known = { ...known, init: identify(word.child) };
    writeContainer(root, known);
    word = started.hear();
  }
  const pid = known.init?.pid ?? started.pid;
  const state = stateObject(root, known, "creating");
  const seen = { ...state, pid };
  runHooks("prestart", config.hooks?.prestart, seen);
  runHooks("createRuntime", config.hooks?.createRuntime, seen);
  const place = { pid, namespaces: container.namespaces };
  runHooks("createContainer", config.hooks?.createContainer, seen, place);
  // Hooks run where the runtime is: from here on that may be another network.
  setSysctl(pid, config);

  const fifo = openFifo(fifoOf(root, id));
  const networkPath = namespaces.joined.find(({ type }) => type === "network")?.path;
  const taking = (index: number): void => {
    if (networkPath === undefined) return;
    const indexes = [...(known.interfaces?.indexes ?? []), index];
    known = { ...known, interfaces: { namespace: networkPath, indexes } };
    writeContainer(root, known);
  };
  const devices = openDevices({
    taking,
    unikernel,
    config,
    rootfs,
    pid,
    namespaces,
    firstDescriptor: numbers.kernel + 1,
  });
  try {
    const user = userOf(config);
    const isHosted = unikernel.target === "hvt";
    if (isHosted)
      log.info(
        `container '${id}' runs on solo5-hvt: on KVM where this host has it in hardware, else on the wasm engine`,
      );
    const program = isHosted
      ? hostedProgram({ ...numbers, isa: unikernel.isa, plan: devices.plan, user, disks: devices.disks })
      : seal(devices.plan, {
          prefix: "",
          processName: name,
          inherited: [startDescriptors.standardError, numbers.fifo, ...devices.disks.values()],
          disks: devices.disks,
          last: epilogue(user, numbers.fifo),
        });
    const image = memoryExecutable(program, name);
    // A sealed one closes the third.
    const kernel = isHosted ? memoryExecutable(unikernel.file, name) : image;
    const descriptors = [image, fifo, kernel, ...devices.descriptors];
    if (descriptors.length > descriptorsMax) throw new RangeError(`${descriptors.length} descriptors`);
    started.give(descriptors);
    for (const fd of new Set([image, fifo, kernel])) closeSync(fd);
  } finally {
    devices.close();
  }
  started.ready();
  const complete = { ...known, isComplete: true };
  if (pidFile !== undefined) {
    writeFileSync(`${pidFile}.tmp`, String(pid));
    renameSync(`${pidFile}.tmp`, pidFile);
  }
  writeContainer(root, complete);
  writeQuick(root, complete);
  return complete;
}

function standardDescriptors(config: Config, consoleSocket: string | undefined): Standard {
  const { terminal, consoleSize } = config.process;
  if (terminal !== true) {
    if (consoleSocket !== undefined && consoleSocket !== "")
      throw configError("process.terminal", "must be true where there is a --console-socket");
    return [0, 1, 2];
  }
  if (consoleSocket === undefined || consoleSocket === "")
    throw configError("process.terminal", "needs --console-socket");
  const fd = openTerminal(consoleSocket, consoleSize);
  return [fd, fd, fd];
}

function setOomScore(pid: number, value: number, log: Log): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(value));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EACCES") throw configError("process.oomScoreAdj", systemErrorMessage(cause));
    log.info(`process.oomScoreAdj: ${value}: ${systemErrorMessage(cause)}: it stays as it is`);
  }
}

/** Makes the FIFO that `start` writes to, and opens both its ends: it never ends for the process that waits. */
function openFifo(path: string): number {
  const kind = 0o010000;
  hostCall(path, "mknodat", -100, path, kind | 0o600, 0);
  return hostCall(path, "openat", -100, path, 2 | 0x80000, 0);
}

function userOf({ process: { user = {} }, linux }: Config) {
  const hasMappings = (linux?.namespaces ?? []).some(({ type }) => type === "user");
  return {
    uid: user.uid ?? 0,
    gid: user.gid ?? 0,
    additionalGids: user.additionalGids ?? [],
    mustSetGroups: process.geteuid?.() === 0 && !hasMappings && maySetGroups(),
  };
}

/** Whether root of this user namespace may set groups: user_namespaces(7). */
function maySetGroups(): boolean {
  try {
    return readFileSync("/proc/self/setgroups", "latin1").trim() === "allow";
  } catch {
    return true;
  }
}
