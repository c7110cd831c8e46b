// The command line of an OCI runtime, as managers call it: global options, a command, its options, its operands. A row per command.
// github.com/opencontainers/runtime-tools, "Command line interface", and what containerd, podman and docker pass beside that.
import type { Option } from "../tender/option.js";
import { updateLimits } from "./update-options.js";

const option = (help: string, more: Partial<Option> = {}): Option => ({ topic: "container", help, ...more });
const valued = (value: string, help: string, more: Partial<Option> = {}): Option =>
  option(help, { value, separate: true, ...more });

export const globalOptions = {
  root: valued("DIR", "where the state of containers is kept", { values: "folder" }),
  log: valued("FILE", "where events are told", { values: "file" }),
  "log-format": valued("FORMAT", "text or json", { values: ["text", "json"] }),
  debug: option("without effect"),
  "systemd-cgroup": option("cgroups are systemd's"),
  rootless: valued("WORD", "without effect"),
  criu: valued("FILE", "without effect"),
  delegate: valued("WHAT", "what else than unikernels the host's own runtime gets: none, sandbox or all", {
    values: ["none", "sandbox", "all"],
  }),
  runtime: valued("FILE", "the host's own runtime (default: runc or crun)", { values: "file" }),
  help: option("print this text", { short: "h" }),
  version: option("print the version", { short: "v" }),
} as const satisfies Record<string, Option>;

const bundle = valued("DIR", "where config.json is (default: the working folder)", {
  short: "b",
  values: "folder",
});
const creation = {
  bundle,
  "console-socket": valued("FILE", "where the terminal's other end is sent", { values: "file" }),
  "pid-file": valued("FILE", "where the number of the process is written", { values: "file" }),
  "no-pivot": option("without effect"),
  "no-new-keyring": option("without effect"),
  "no-subreaper": option("without effect"),
  "preserve-fds": valued("N", "without effect: a unikernel has the descriptors of its devices"),
} as const satisfies Record<string, Option>; // prettier-ignore

/** What other runtimes take, of commands that are refused here. */
const withoutEffect = <Name extends string>(names: readonly Name[], isValued: boolean) =>
  Object.fromEntries(
    names.map((name) => [name, isValued ? valued("VALUE", "without effect") : option("without effect")]),
  ) as Readonly<Record<Name, Option>>;
const checkpointing = {
  ...withoutEffect(["image-path", "work-path", "parent-path", "status-fd", "page-server", "manage-cgroups-mode", "empty-ns", "lsm-profile", "lsm-mount-context"], true),
  ...withoutEffect(["leave-running", "tcp-established", "ext-unix-sk", "shell-job", "lazy-pages", "file-locks", "pre-dump", "auto-dedup"], false),
}; // prettier-ignore

const limits = Object.fromEntries(
  Object.entries(updateLimits).map(([name, limit]) => [
    name,
    valued("VALUE", "path" in limit ? `linux.resources.${limit.path.join(".")}` : "without effect"),
  ]),
) as Readonly<Record<keyof typeof updateLimits, Option>>;

const installation = {
  host: valued("DIR", "where the node's files are seen (default: /)", { values: "folder" }),
  config: valued("FILE", "containerd's configuration on the node (default: /etc/containerd/config.toml)", {
    values: "file",
  }),
  handler: valued("NAME", "what a RuntimeClass calls it (default: solo5)"),
  restart: option("restart containerd where something has changed"),
} as const satisfies Record<string, Option>; // prettier-ignore

/** Command, options, operands (those in brackets may be missing), what it does. */
export const ociCommands = {
  create: { options: creation, operands: ["ID"], does: "make a container, all but its start" },
  start: { options: {}, operands: ["ID"], does: "start a container that is made" },
  run: {
    options: { ...creation, detach: option("do not wait", { short: "d" }), keep: option("do not delete it") },
    operands: ["ID"],
    does: "create, start, wait and delete",
  },
  state: { options: {}, operands: ["ID"], does: "print a container's state" },
  kill: {
    options: { all: option("every process of its cgroup", { short: "a" }) },
    operands: ["ID", "[SIGNAL]"],
    does: "send a signal (default SIGTERM)",
  },
  delete: {
    options: { force: option("also one that runs", { short: "f" }) },
    operands: ["ID"],
    does: "give back what a container has",
  },
  list: {
    options: {
      format: valued("FORMAT", "table or json", { short: "f" }),
      quiet: option("ids alone", { short: "q" }),
    },
    operands: [],
    does: "list containers",
  },
  ps: {
    options: { format: valued("FORMAT", "table or json", { short: "f" }) },
    operands: ["ID", "[OPTIONS OF PS]"],
    does: "list the processes of a container",
  },
  pause: { options: {}, operands: ["ID"], does: "freeze a container" },
  resume: { options: {}, operands: ["ID"], does: "let a frozen container go on" },
  update: {
    options: {
      resources: valued("FILE", "linux.resources in JSON; - is stdin", { short: "r" }),
      ...limits,
    },
    operands: ["ID"],
    does: "change the limits of a container's cgroup",
  },
  exec: {
    options: {
      "console-socket": creation["console-socket"],
      "pid-file": creation["pid-file"],
      process: valued("FILE", "without effect", { short: "p" }),
      detach: option("without effect", { short: "d" }),
      tty: option("without effect", { short: "t" }),
      user: valued("USER", "without effect", { short: "u" }),
      cwd: valued("DIR", "without effect"),
      env: valued("NAME=VALUE", "without effect", { short: "e" }),
      "preserve-fds": creation["preserve-fds"],
      ...withoutEffect(["additional-gids", "apparmor", "cap", "cgroup", "process-label"], true),
      ...withoutEffect(["ignore-paused", "no-new-privs"], false),
    },
    operands: ["ID"],
    does: "refused: a unikernel has one program",
  },
  checkpoint: {
    options: checkpointing,
    operands: ["ID"],
    does: "refused: a container has no checkpoints",
  },
  restore: {
    options: { ...checkpointing, ...creation, detach: option("without effect", { short: "d" }) },
    operands: ["ID"],
    does: "refused: a container has no checkpoints",
  },
  events: {
    options: { ...withoutEffect(["interval"], true), ...withoutEffect(["stats"], false) },
    operands: ["ID"],
    does: "refused: the files of its cgroup have the figures",
  },
  features: { options: {}, operands: [], does: "print what this runtime can" },
  install: { options: installation, operands: [], does: "put this runtime into containerd's configuration" },
  uninstall: { options: installation, operands: [], does: "take it out again" },
  spec: { options: { bundle, rootless: option("without effect") }, operands: ["[FILE]"], does: "write a config.json" },
} as const satisfies Record<
  string,
  {
    readonly options: Readonly<Record<string, Option>>;
    readonly operands: readonly string[];
    readonly does: string;
  }
>; // prettier-ignore

export type OciCommand = keyof typeof ociCommands;

export const ociLine = {
  name: "solo5-oci",
  summary: "run unikernels as containers: an OCI runtime for podman, containerd and docker",
  operands: "[OPTIONS] COMMAND [OPTIONS] [OPERANDS]",
  text: [
    "Managers of containers call it as they call runc. A container whose program is a unikernel of the spt target becomes a process that may make nine system calls.",
    `Commands: ${Object.entries(ociCommands)
      .map(([name, { operands, does }]) => `${[name, ...operands].join(" ")}: ${does}`)
      .join("; ")}.`,
  ],
  options: globalOptions,
  examples: [
    { does: "with podman", line: "podman --runtime solo5-oci run --rm localhost/hello" },
    { does: "with containerd", line: "ctr run --rm --runc-binary solo5-oci localhost/hello:latest hello" },
  ],
  values: Object.keys(ociCommands),
  seeAlso: ["solo5-spt", "solo5-seal"],
} as const;
