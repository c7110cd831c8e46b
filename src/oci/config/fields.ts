// Every field of config.json, declared once: what it must be, and what becomes of it. The check of a bundle and the table of
// docs/config-json.md derive from this. OCI Runtime Specification 1.2, "Configuration" and "Linux Container Configuration".

/** `honoured`, `refused` where it asks for something, or `none`: without effect, for the reason that is given. */
type Effect = "honoured" | "refused" | "none";
export type FieldType =
  | "string"
  | "strings"
  | "boolean"
  | "integer"
  | "integers"
  | "object"
  | "texts"
  | "list"
  | "any";

export interface ConfigField {
  readonly type: FieldType;
  readonly effect: Effect;
  /** How it is honoured, or why it is not. */
  readonly why: string;
  readonly isRequired?: true;
}

const honoured = (type: FieldType, why: string): ConfigField => ({ type, effect: "honoured", why });
const required = (type: FieldType, why: string): ConfigField => ({
  ...honoured(type, why),
  isRequired: true,
});
const none = (type: FieldType, why: string): ConfigField => ({ type, effect: "none", why });
const refused = (type: FieldType, why: string): ConfigField => ({ type, effect: "refused", why });

const noFiles = "a unikernel opens no file once it runs";
const nineCalls = "the unikernel's own filter allows nine system calls, and no other";
const noCapabilities = "a unikernel has no capabilities at all";
const mountForDisks = "a source of disks; nothing is mounted";
const cgroup = "a limit of the cgroup";
const hook = "run in its place, the state on its stdin";

const hooks = (name: string): Readonly<Record<string, ConfigField>> => ({
  [`hooks.${name}`]: honoured("list", hook),
  [`hooks.${name}[].path`]: required("string", "an absolute path"),
  [`hooks.${name}[].args`]: honoured("strings", "as execv(3) takes them"),
  [`hooks.${name}[].env`]: honoured("strings", "the hook's environment"),
  [`hooks.${name}[].timeout`]: honoured("integer", "seconds; the hook is killed then, and has failed"),
});
const idMappings = (path: string, field: (type: FieldType) => ConfigField): Readonly<Record<string, ConfigField>> => ({
  [path]: field("list"),
  [`${path}[].containerID`]: field("integer"),
  [`${path}[].hostID`]: field("integer"),
  [`${path}[].size`]: field("integer"),
}); // prettier-ignore
const throttles = (name: string): Readonly<Record<string, ConfigField>> => ({
  [`linux.resources.blockIO.${name}`]: honoured("list", cgroup),
  [`linux.resources.blockIO.${name}[].major`]: required("integer", cgroup),
  [`linux.resources.blockIO.${name}[].minor`]: required("integer", cgroup),
  [`linux.resources.blockIO.${name}[].rate`]: honoured("integer", cgroup),
});

export const configFields: Readonly<Record<string, ConfigField>> = {
  ociVersion: required("string", "must be 1.x"),
  root: required("object", "the rootfs"),
  "root.path": required("string", "where the unikernel is looked for"),
  "root.readonly": honoured("boolean", "disks that are files of the rootfs can be read only"),
  mounts: honoured("list", mountForDisks),
  "mounts[].destination": required("string", "the name of the disk, or of a folder of disks"),
  "mounts[].type": honoured("string", "bind mounts have disks"),
  "mounts[].source": honoured("string", "a file, a block device, or a folder"),
  "mounts[].options": honoured("strings", "ro: the disk can be read only"),
  ...idMappings("mounts[].uidMappings", (type) => none(type, noFiles)),
  ...idMappings("mounts[].gidMappings", (type) => none(type, noFiles)),
  process: required("object", "the unikernel"),
  "process.terminal": honoured("boolean", "a pseudoterminal, sent to --console-socket"),
  "process.consoleSize": honoured("object", "the terminal's size"),
  "process.consoleSize.height": honoured("integer", "rows"),
  "process.consoleSize.width": honoured("integer", "columns"),
  "process.cwd": required("string", "an absolute path; without effect beyond that"),
  "process.env": honoured("strings", "as arguments, by the annotation org.solo5.args"),
  "process.args": required("strings", "the unikernel's file in the rootfs, and its arguments"),
  "process.commandLine": none("string", "for Windows"),
  "process.user": honoured("object", "user and groups of the process"),
  "process.user.uid": honoured("integer", "0 by default"),
  "process.user.gid": honoured("integer", "0 by default"),
  "process.user.umask": none("integer", noFiles),
  "process.user.additionalGids": honoured("integers", "its further groups"),
  "process.user.username": none("string", "for Windows"),
  "process.rlimits": honoured(
    "list",
    "set before it starts; one that may not be raised stays, with a line in the log",
  ),
  "process.rlimits[].type": required("string", "as getrlimit(2) names it"),
  "process.rlimits[].soft": required("integer", ""),
  "process.rlimits[].hard": required("integer", ""),
  "process.apparmorProfile": none("string", nineCalls),
  "process.selinuxLabel": none("string", nineCalls),
  "process.capabilities": none("object", noCapabilities),
  ...Object.fromEntries(
    ["bounding", "effective", "inheritable", "permitted", "ambient"].map((set) => [
      `process.capabilities.${set}`,
      none("strings", noCapabilities),
    ]),
  ),
  "process.noNewPrivileges": none("boolean", "always true"),
  "process.oomScoreAdj": honoured("integer", "/proc/PID/oom_score_adj"),
  "process.scheduler": refused("object", "no schedulers of its own"),
  "process.ioPriority": refused("object", "no I/O priorities of its own"),
  "process.execCPUAffinity": none("object", "for exec, which there is none of"),
  hostname: honoured("string", "in a UTS namespace of its own"),
  domainname: honoured("string", "in a UTS namespace of its own"),
  hooks: honoured("object", hook),
  ...hooks("prestart"),
  ...hooks("createRuntime"),
  ...hooks("createContainer"),
  ...hooks("startContainer"),
  ...hooks("poststart"),
  ...hooks("poststop"),
  annotations: honoured("texts", "org.solo5.* choose devices, memory and arguments"),
  linux: honoured("object", ""),
  "linux.namespaces": honoured("list", "entered; new ones are made, but for those of processes"),
  "linux.namespaces[].type": required("string", "mount, network, uts, ipc, user, cgroup, time or pid"),
  "linux.namespaces[].path": honoured("string", "one that exists"),
  ...idMappings("linux.uidMappings", (type) => honoured(type, "of a new user namespace")),
  ...idMappings("linux.gidMappings", (type) => honoured(type, "of a new user namespace")),
  "linux.timeOffsets": honoured("object", "of a new time namespace"),
  "linux.timeOffsets.monotonic": honoured("object", "the guest's monotonic clock"),
  "linux.timeOffsets.monotonic.secs": honoured("integer", ""),
  "linux.timeOffsets.monotonic.nanosecs": honoured("integer", ""),
  "linux.timeOffsets.boottime": honoured("object", ""),
  "linux.timeOffsets.boottime.secs": honoured("integer", ""),
  "linux.timeOffsets.boottime.nanosecs": honoured("integer", ""),
  "linux.devices": honoured("list", "block devices among them are disks, by path"),
  "linux.devices[].type": required("string", "b is a disk; others are without effect"),
  "linux.devices[].path": required("string", "the name of the disk"),
  "linux.devices[].major": honoured("integer", ""),
  "linux.devices[].minor": honoured("integer", ""),
  "linux.devices[].fileMode": none("integer", noFiles),
  "linux.devices[].uid": none("integer", noFiles),
  "linux.devices[].gid": none("integer", noFiles),
  "linux.netDevices": refused("object", "interfaces come by the network namespace"),
  "linux.cgroupsPath": honoured("string", "the cgroup; SLICE:PREFIX:NAME with --systemd-cgroup"),
  "linux.resources": honoured("object", ""),
  "linux.resources.devices": honoured("list", "which block devices may be disks"),
  "linux.resources.devices[].allow": required("boolean", ""),
  "linux.resources.devices[].type": honoured("string", "a, b or c"),
  "linux.resources.devices[].major": honoured("integer", ""),
  "linux.resources.devices[].minor": honoured("integer", ""),
  "linux.resources.devices[].access": honoured("string", "r, w and m"),
  "linux.resources.memory": honoured("object", ""),
  "linux.resources.memory.limit": honoured("integer", `${cgroup}, and of the guest's memory`),
  "linux.resources.memory.reservation": honoured("integer", cgroup),
  "linux.resources.memory.swap": honoured("integer", cgroup),
  "linux.resources.memory.kernel": none("integer", "no kernel has it any more"),
  "linux.resources.memory.kernelTCP": none("integer", "no kernel has it any more"),
  "linux.resources.memory.swappiness": honoured("integer", `${cgroup} v1; v2 has none`),
  "linux.resources.memory.disableOOMKiller": honoured("boolean", `${cgroup} v1; v2 has none`),
  "linux.resources.memory.useHierarchy": none("boolean", "kernels always do"),
  "linux.resources.memory.checkBeforeUpdate": none("boolean", "for updates, which there are none of"),
  "linux.resources.cpu": honoured("object", ""),
  "linux.resources.cpu.shares": honoured("integer", cgroup),
  "linux.resources.cpu.quota": honoured("integer", cgroup),
  "linux.resources.cpu.burst": honoured("integer", cgroup),
  "linux.resources.cpu.period": honoured("integer", cgroup),
  "linux.resources.cpu.realtimeRuntime": none("integer", "a unikernel cannot ask for real time"),
  "linux.resources.cpu.realtimePeriod": none("integer", "a unikernel cannot ask for real time"),
  "linux.resources.cpu.cpus": honoured("string", cgroup),
  "linux.resources.cpu.mems": honoured("string", cgroup),
  "linux.resources.cpu.idle": honoured("integer", cgroup),
  "linux.resources.pids": honoured("object", ""),
  "linux.resources.pids.limit": honoured("integer", cgroup),
  "linux.resources.blockIO": honoured("object", ""),
  "linux.resources.blockIO.weight": honoured("integer", cgroup),
  "linux.resources.blockIO.leafWeight": none("integer", "no kernel has it any more"),
  "linux.resources.blockIO.weightDevice": refused("list", "weights of devices are not known"),
  ...throttles("throttleReadBpsDevice"),
  ...throttles("throttleWriteBpsDevice"),
  ...throttles("throttleReadIOPSDevice"),
  ...throttles("throttleWriteIOPSDevice"),
  "linux.resources.hugepageLimits": honoured("list", cgroup),
  "linux.resources.hugepageLimits[].pageSize": required("string", ""),
  "linux.resources.hugepageLimits[].limit": required("integer", ""),
  "linux.resources.network": honoured("object", ""),
  "linux.resources.network.classID": honoured("integer", `${cgroup} v1; v2 has none`),
  "linux.resources.network.priorities": honoured("list", `${cgroup} v1; v2 has none`),
  "linux.resources.network.priorities[].name": required("string", ""),
  "linux.resources.network.priorities[].priority": required("integer", ""),
  "linux.resources.rdma": none("object", "a unikernel opens no such device"),
  "linux.resources.unified": honoured("texts", `${cgroup} v2, by the file's name`),
  "linux.intelRdt": refused("object", "no cache allocation"),
  "linux.sysctl": honoured(
    "texts",
    "net.* in the network's namespace; kernel.shm* and their like have nothing to act on; others are refused",
  ),
  "linux.rootfsPropagation": none("string", "nothing is mounted"),
  "linux.seccomp": none("any", nineCalls),
  "linux.maskedPaths": none("strings", noFiles),
  "linux.readonlyPaths": none("strings", noFiles),
  "linux.mountLabel": none("string", "nothing is mounted"),
  "linux.personality": none("object", nineCalls),
  solaris: none("any", "for Solaris"),
  windows: none("any", "for Windows"),
  vm: none("any", "for runtimes of virtual machines"),
  zos: none("any", "for z/OS"),
};
