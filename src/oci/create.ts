// create: everything is made but the start. What is made is written down first, so that whatever kills this, `delete` finds it.
import { closeSync, renameSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { hostIsa } from "../host/any/host-isa.js";
import { leaveToNode } from "../host/linux/leave-to-node.js";
import { nativeUnsupportedReason } from "../host/linux/unsupported.js";
import type { Unikernel } from "../image/unikernel.js";
import type { ContainerBundle } from "./bundle.js";
import { chooseCgroups, type CgroupChoice } from "./cgroup/choice.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";
import { destroy } from "./destroy.js";
import { openDevices } from "./devices/open.js";
import { firstDevice, handOver } from "./handover.js";
import { runHooks } from "./hooks.js";
import type { Log } from "./log.js";
import { setOomScore } from "./oom-score.js";
import { startProcess } from "./prologue/container-process.js";
import { enterNamespaces } from "./prologue/enter.js";
import { readNamespaces, type Namespaces } from "./prologue/namespaces.js";
import { prologue } from "./prologue/prologue.js";
import { identify } from "./process.js";
import { writeQuick } from "./quick.js";
import { setRlimits } from "./rlimits.js";
import { claim, fifoOf, newContainer, stateObject, writeContainer, type Container } from "./state.js";
import { setSysctl } from "./sysctl.js";
import { standardDescriptors } from "./terminal.js";

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
  { folder, rootfs, config, disk }: ContainerBundle,
  unikernel: Unikernel,
  request: CreateRequest,
): Promise<Container> {
  const { root, id } = request;
  checkHost(unikernel);
  // Its tender is Node.
  if (unikernel.target === "hvt") leaveToNode();
  const namespaces = readNamespaces(config);
  const cgroups = chooseCgroups(config, id, request.isSystemd ?? false);
  const container: Container = {
    ...newContainer(id, { folder, rootfs, config }),
    cgroups: cgroups.planned.made,
    scope: cgroups.scope,
    freezer: cgroups.planned.freezer,
    namespaces: [...namespaces.joined.map(({ type }) => type), ...namespaces.made].filter(
      (type) => type !== "pid" && type !== "time",
    ),
  };
  claim(root, container);
  try {
    cgroups.make();
    return fill(container, cgroups, config, unikernel, disk, namespaces, request);
  } catch (error) {
    await destroy(root, id, request.log);
    throw error;
  }
}

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
  cgroups: CgroupChoice,
  config: Config,
  unikernel: Unikernel,
  disk: string | undefined,
  namespaces: Namespaces,
  { root, id, consoleSocket, pidFile, log }: CreateRequest,
): Container {
  const { rootfs } = container;
  const name = basename(config.process.args[0] ?? "");
  const isHosted = unikernel.target === "hvt";
  const program = prologue({
    isa: unikernel.isa,
    namespaces,
    name,
    hostname: config.hostname,
    domainname: config.domainname,
    rootfs,
    hasTerminal: config.process.terminal ?? false,
    // Node has its files outside of the rootfs.
    changesRoot: !isHosted,
  });
  const standard = standardDescriptors(config, consoleSocket);
  const started = startProcess(program, name, standard);
  if (standard[0] !== 0) closeSync(standard[0]);
  let known = container;
  const learn = (more: Partial<Container>): void => {
    known = { ...known, ...more };
    writeContainer(root, known);
  };
  learn({ init: identify(started.pid) });
  const { made, freezer } = cgroups.enter(started.pid);
  learn({ cgroups: made, freezer });
  setOomScore(started.pid, config, log);
  setRlimits(started.pid, config, log.info);
  const pid = enterNamespaces(started, config, namespaces, (child) => learn({ init: identify(child) }));

  const seen = { ...stateObject(root, known, "creating"), pid };
  runHooks("prestart", config.hooks?.prestart, seen);
  runHooks("createRuntime", config.hooks?.createRuntime, seen);
  const place = { pid, namespaces: container.namespaces };
  runHooks("createContainer", config.hooks?.createContainer, seen, place);
  // Hooks run where the runtime is: from here on that may be another network.
  setSysctl(pid, config);

  const namespace = namespaces.joined.find(({ type }) => type === "network")?.path;
  const taking = (index: number): void => {
    if (namespace === undefined) return;
    learn({ interfaces: { namespace, indexes: [...(known.interfaces?.indexes ?? []), index] } });
  };
  const devices = openDevices({
    unikernel,
    config,
    disk,
    rootfs,
    pid,
    namespaces,
    firstDescriptor: firstDevice,
    taking,
    note: log.info,
  });
  try {
    handOver(started, { unikernel, name, config, devices, fifo: fifoOf(root, id) });
  } finally {
    devices.close();
  }
  started.ready();
  if (isHosted)
    log.info(
      `container '${id}' runs on solo5-hvt: on KVM where this host has it in hardware, else on the wasm engine`,
    );
  if (pidFile !== undefined) {
    writeFileSync(`${pidFile}.tmp`, String(pid));
    renameSync(`${pidFile}.tmp`, pidFile);
  }
  learn({ isComplete: true });
  writeQuick(root, known);
  return known;
}
